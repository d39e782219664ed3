// The binary16 scales that head the blocks.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/error.h"
#include "core/half.h"

namespace jet {

inline bool is_finite_f16(uint16_t half) { return (half & 0x7c00u) != 0x7c00u; }

inline uint16_t encode_scale(float scale) {
  const uint16_t half = float_to_f16(scale);
  if (!is_finite_f16(half))
    fail("a block's scale {} is beyond 65504, the largest 16-bit float", scale);
  return half;
}

// 1 / d, or 0 where that is not finite: such a scale is 0 as a 16-bit float.
inline float reciprocal(float d) {
  const float inverse = 1.0f / d;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

}  // namespace jet
