// What reading and writing of GGUF share: constants of the format and the numbers of its element
// types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/dtype.h"
#include "io/gguf.h"

namespace jet {

inline constexpr std::string_view kGgufMagic = "GGUF";
inline constexpr std::string_view kGgufAlignmentKey = "general.alignment";
inline constexpr uint32_t kGgufAlignment = 32;  // where the key is absent
inline constexpr uint32_t kGgufMaxDimensions = 4;
inline constexpr uint32_t kGgufTypes = 13;  // members of GgufType

// "u32", "string".
std::string_view name(GgufType type);
// Bytes of one value in a file; of a string or array its least: the length.
size_t least_bytes(GgufType type);
// The integers that a type of that width, or Bool, can hold. U64 ends at 2^63 - 1.
struct IntegerRange {
  int64_t least;
  int64_t most;
};
IntegerRange integer_range(GgufType type);
bool is_integer(GgufType type);  // Bool is not
bool is_floating(GgufType type);

// The number by which files name a tensor's type; nothing for a type that GGUF does not know.
std::optional<uint32_t> ggml_number(DType type);
std::optional<DType> parse_ggml_number(uint32_t number);
// "IQ2_XXS", also of types that are not supported here; empty when unknown.
std::string_view ggml_name(uint32_t number);

}  // namespace jet
