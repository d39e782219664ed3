// Q5_1: 32 numbers of 5 bits with a scale and a minimum, 6 bits a number.
//   x = d q + m,  q in 0..31
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jet {

struct BlockQ5_1 {
  static constexpr int kNumbers = 32;
  uint16_t d;                      // binary16
  uint16_t m;                      // binary16
  std::array<uint8_t, 4> high;     // fifth bit of number i: bit i % 8 of byte i / 8
  std::array<uint8_t, 16> quants;  // low 4 bits: number j; high 4 bits: number j + 16
};
static_assert(sizeof(BlockQ5_1) == 24);

void decode_q5_1(const BlockQ5_1* blocks, int64_t count, float* out);
void encode_q5_1(const float* row, int64_t count, BlockQ5_1* out);

}  // namespace jet
