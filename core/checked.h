// Sums and products of sizes that come from files: overflow is an Error, never a wrap.
#pragma once

#include <cstdint>

#include "core/error.h"

namespace jet {

inline int64_t checked_mul(int64_t a, int64_t b) {
  int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) fail("the size {} * {} overflows 64 bits", a, b);
  return product;
}

inline int64_t checked_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) fail("the size {} + {} overflows 64 bits", a, b);
  return sum;
}

}  // namespace jet
