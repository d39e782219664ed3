// Q6_K: 256 numbers of 6 bits in 16 groups of 16, each with an 8-bit scale, 6.5625 bits a number.
//   x = d s (q - 32),  q in 0..63,  s in -128..127
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jet {

struct BlockQ6_K {
  static constexpr int kNumbers = 256;
  static constexpr int kGroups = 16;
  static constexpr int kGroup = 16;
  // Each half of 128 numbers has 64 bytes of low and 32 of high bits. Number 32 k + j of a half (k
  // in 0..3): low 4 bits in byte 32 (k % 2) + j, its low half for k < 2, its high half otherwise;
  // high 2 bits in byte j at bit 2 k.
  std::array<uint8_t, 128> low;
  std::array<uint8_t, 64> high;
  std::array<int8_t, 16> scales;
  uint16_t d;  // binary16
};
static_assert(sizeof(BlockQ6_K) == 210);

void decode_q6_k(const BlockQ6_K* blocks, int64_t count, float* out);
void encode_q6_k(const float* row, int64_t count, BlockQ6_K* out);

}  // namespace jet
