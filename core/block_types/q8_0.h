// Q8_0: 32 numbers of 8 bits and one scale, 8.5 bits a number.
//   x = d q,  q in -127..127
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jet {

struct BlockQ8_0 {
  static constexpr int kNumbers = 32;
  uint16_t d;  // binary16
  std::array<int8_t, 32> quants;
};
static_assert(sizeof(BlockQ8_0) == 34);

void decode_q8_0(const BlockQ8_0* blocks, int64_t count, float* out);
void encode_q8_0(const float* row, int64_t count, BlockQ8_0* out);

}  // namespace jet
