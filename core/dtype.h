// Element types: plain numbers, and the block formats in which GGUF files store quantised rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace jet {

enum class DType : uint8_t {
  F32,
  F16,
  BF16,  // floating point
  I8,
  U8,
  I16,
  I32,
  I64,
  F64,
  Bool,  // what safetensors files hold besides; not for computing
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q4_K,
  Q5_K,
  Q6_K,  // blocks of 32 or 256 numbers: core/block_types
};

// Numbers in one block: 1 for plain types.
int64_t block_elements(DType type);
// Bytes of one block: of one number for plain types.
int64_t block_bytes(DType type);
// Bytes of a row of n numbers. Throws Error when n is not a whole number of blocks or the size
// overflows.
int64_t row_bytes(DType type, int64_t n);
// Lower-case name: "f32", "bf16", "q4_k".
std::string_view name(DType type);
std::optional<DType> parse_dtype(std::string_view name);
// F32, F16, BF16: what can be computed with directly.
bool is_float(DType type);
// A block format of several numbers.
bool is_quantised(DType type);

}  // namespace jet
