// Rows of 16-bit floats: IEEE binary16 and bfloat16. Decoding is exact; encoding rounds to nearest,
// ties to even.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jet {

void decode_f16(const std::byte* row, int64_t n, float* out);
// The same without the conversion instruction of the CPU, which decode_f16 uses where there is one.
void decode_f16_portable(const uint16_t* halves, int64_t n, float* out);
void decode_bf16(const std::byte* row, int64_t n, float* out);
void encode_f16(const float* row, int64_t n, std::byte* out);
void encode_bf16(const float* row, int64_t n, std::byte* out);

}  // namespace jet
