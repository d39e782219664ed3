// The block formats of GGUF files: rows of numbers in blocks of 32 or 256 with their own scales.
// One file a format (q4_0.h, ...) holds its layout, decoding and encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/dtype.h"
#include "core/tensor.h"

namespace jet {

// Decodes n numbers of any floating or block type (n a whole number of blocks) to float32.
void decode_row(DType type, const std::byte* row, int64_t n, float* out);

// Encodes n numbers into a floating or block type (float types round to nearest even).
// Throws Error on a type that cannot be encoded or a number that is not finite (block types).
void encode_row(DType type, const float* row, int64_t n, std::byte* out);

// The tensor in float32: itself, or a decoded copy.
Tensor to_float32(const Tensor& tensor);

// The tensor in float32 and in memory of its own.
Tensor copy_to_float32(const Tensor& tensor);

// Where the scales of a block row are not finite, the row is not weights: the first bad block, or
// -1.
int64_t first_bad_block(DType type, const std::byte* row, int64_t n);

}  // namespace jet
