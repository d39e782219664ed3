// Q4_K: 256 numbers of 4 bits in 8 groups of 32, each with a 6-bit scale and minimum, 4.5 bits a
// number.
//   x = (d s) q - (dmin m),  q in 0..15,  s and m in 0..63
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jet {

struct BlockQ4_K {
  static constexpr int kNumbers = 256;
  static constexpr int kGroups = 8;
  static constexpr int kGroup = 32;
  uint16_t d;     // binary16
  uint16_t dmin;  // binary16
  // Groups 0..3: s in the low 6 bits of bytes 0..3, m in those of bytes 4..7. Groups 4..7: the low
  // 4 bits of s and m in the low and high half of bytes 8..11, their high 2 bits in the high 2 bits
  // of bytes 0..3 and 4..7.
  std::array<uint8_t, 12> scales;
  std::array<uint8_t, 128>
      quants;  // 32 bytes a pair of groups: low 4 bits the first, high 4 bits the second
};
static_assert(sizeof(BlockQ4_K) == 144);

struct ScaleQ4_K {
  uint8_t scale;
  uint8_t min;
};

inline ScaleQ4_K unpack_scale(const std::array<uint8_t, 12>& scales, size_t group) {
  if (group < 4) {
    return {static_cast<uint8_t>(scales[group] & 63), static_cast<uint8_t>(scales[group + 4] & 63)};
  }
  return {static_cast<uint8_t>((scales[group + 4] & 15) | (scales[group - 4] >> 6) << 4),
          static_cast<uint8_t>(scales[group + 4] >> 4 | (scales[group] >> 6) << 4)};
}

void decode_q4_k(const BlockQ4_K* blocks, int64_t count, float* out);
void encode_q4_k(const float* row, int64_t count, BlockQ4_K* out);

}  // namespace jet
