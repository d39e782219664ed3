// Q4_1: 32 numbers of 4 bits with a scale and a minimum, 5 bits a number.
//   x = d q + m,  q in 0..15
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jet {

struct BlockQ4_1 {
  static constexpr int kNumbers = 32;
  uint16_t d;                      // binary16
  uint16_t m;                      // binary16
  std::array<uint8_t, 16> quants;  // low 4 bits: number j; high 4 bits: number j + 16
};
static_assert(sizeof(BlockQ4_1) == 20);

void decode_q4_1(const BlockQ4_1* blocks, int64_t count, float* out);
void encode_q4_1(const float* row, int64_t count, BlockQ4_1* out);

}  // namespace jet
