// Q5_K: 256 numbers of 5 bits in 8 groups of 32, each with a 6-bit scale and minimum, 5.5 bits a
// number.
//   x = (d s) q - (dmin m),  q in 0..31,  s and m in 0..63
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/block_types/k_scales.h"

namespace jet {

struct BlockQ5_K {
  static constexpr int kNumbers = 256;
  static constexpr int kGroups = 8;
  static constexpr int kGroup = 32;
  uint16_t d;     // binary16
  uint16_t dmin;  // binary16
  PackedScales scales;
  std::array<uint8_t, 32> high;  // fifth bit of number j of group g: bit g of byte j
  std::array<uint8_t, 128>
      quants;  // 32 bytes a pair of groups: low 4 bits the first, high 4 bits the second
};
static_assert(sizeof(BlockQ5_K) == 176);

void decode_q5_k(const BlockQ5_K* blocks, int64_t count, float* out);
void encode_q5_k(const float* row, int64_t count, BlockQ5_K* out);

}  // namespace jet
