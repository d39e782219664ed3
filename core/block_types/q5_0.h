// Q5_0: 32 numbers of 5 bits and one scale, 5.5 bits a number.
//   x = d (q - 16),  q in 0..31
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jet {

struct BlockQ5_0 {
  static constexpr int kNumbers = 32;
  uint16_t d;                      // binary16
  std::array<uint8_t, 4> high;     // fifth bit of number i: bit i % 8 of byte i / 8
  std::array<uint8_t, 16> quants;  // low 4 bits: number j; high 4 bits: number j + 16
};
static_assert(sizeof(BlockQ5_0) == 22);

void decode_q5_0(const BlockQ5_0* blocks, int64_t count, float* out);
void encode_q5_0(const float* row, int64_t count, BlockQ5_0* out);

}  // namespace jet
