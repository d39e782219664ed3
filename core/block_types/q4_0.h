// Q4_0: 32 numbers of 4 bits and one scale, 4.5 bits a number.
//   x = d (q - 8),  q in 0..15
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jet {

struct BlockQ4_0 {
  static constexpr int kNumbers = 32;
  uint16_t d;                      // binary16
  std::array<uint8_t, 16> quants;  // low 4 bits: number j; high 4 bits: number j + 16
};
static_assert(sizeof(BlockQ4_0) == 18);

void decode_q4_0(const BlockQ4_0* blocks, int64_t count, float* out);
void encode_q4_0(const float* row, int64_t count, BlockQ4_0* out);

}  // namespace jet
