// What Q4_K and Q5_K share: 256 numbers in 8 groups of 32, each with a scale and a minimum of 6
// bits in 12 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace jet {

// Groups 0..3: s in the low 6 bits of bytes 0..3, m in those of bytes 4..7. Groups 4..7: the low 4
// bits of s and m in the low and high half of bytes 8..11, their high 2 bits in the high 2 bits of
// bytes 0..3 and 4..7.
using PackedScales = std::array<uint8_t, 12>;

struct GroupScale {
  uint8_t scale;
  uint8_t min;
};

inline GroupScale unpack_scale(const PackedScales& scales, size_t group) {
  if (group < 4) {
    return {static_cast<uint8_t>(scales[group] & 63), static_cast<uint8_t>(scales[group + 4] & 63)};
  }
  return {static_cast<uint8_t>((scales[group + 4] & 15) | (scales[group - 4] >> 6) << 4),
          static_cast<uint8_t>(scales[group + 4] >> 4 | (scales[group] >> 6) << 4)};
}

// A block before its quants are packed: x ~ (d s) q - (dmin m).
struct QuantisedK {
  uint16_t d = 0;     // binary16
  uint16_t dmin = 0;  // binary16
  PackedScales scales{};
  std::array<uint8_t, 256> quants{};
};

// For each group the scale and minimum of least weighted squared error over a range of step widths,
// for quants in 0..most. Throws Error when a scale is beyond binary16.
QuantisedK quantise_k(std::span<const float, 256> x, int most);

}  // namespace jet
