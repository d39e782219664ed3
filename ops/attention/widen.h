// Rows of any type that a cache may have, in float32, in SIMD.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.h"

namespace jet {

// `count` rows of n numbers, `stride` bytes apart. F32, BF16, F16, or Q8_0 (n a multiple of 32).
struct StoredRows {
  DType type;
  const std::byte* from;
  int64_t stride;
  int64_t count;
  int64_t n;
};

// to [count, padded]: the numbers exactly as decode_row gives them, then zeros.
void widen(const StoredRows& rows, float* to, int64_t padded);

}  // namespace jet
