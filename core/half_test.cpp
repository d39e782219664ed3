// 16-bit floats against their definition: all bit patterns, and rounding against a search for the
// nearest.
#include "core/half.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace jet {
namespace {

// sign * 2^e * 1.m, or 2^-14 * 0.m below.
double f16_by_definition(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const double mantissa = half & 1023;
  const double sign = half & 0x8000 ? -1 : 1;
  return sign *
         (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

// The even one of the two nearest bit patterns on a tie. `value` is positive and below the format's
// overflow.
uint16_t nearest_f16(double value) {
  uint16_t low = 0;
  for (uint16_t step = 0x4000; step != 0; step >>= 1) {
    if (low + step < 0x7c00 && f16_by_definition(low + step) <= value) low += step;
  }
  const double below = value - f16_by_definition(low);
  const double above = f16_by_definition(low + 1) - value;
  if (below == above) return low % 2 == 0 ? low : low + 1;
  return below < above ? low : low + 1;
}

TEST(Half, EveryF16DecodesAndEncodesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = f16_to_float(half);
    if ((half & 0x7c00) == 0x7c00) {
      EXPECT_EQ(std::isinf(value), (half & 0x3ff) == 0);
      EXPECT_EQ(std::isnan(value), (half & 0x3ff) != 0);
    } else {
      ASSERT_EQ(value, f16_by_definition(half)) << bits;
    }
    EXPECT_EQ(std::signbit(value), (half & 0x8000) != 0);
    if (std::isnan(value)) continue;
    ASSERT_EQ(float_to_f16(value), half) << bits;
  }
}

TEST(Half, F16RoundsToNearestEven) {
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto value = static_cast<float>(
        std::ldexp(1 + random.uniform(), static_cast<int>(random.bits() % 41) - 26));
    if (value >= 65504) continue;
    ASSERT_EQ(float_to_f16(value), nearest_f16(value)) << value;
    ASSERT_EQ(float_to_f16(-value), nearest_f16(value) | 0x8000) << value;
  }
  for (uint16_t half = 0; half < 0x7bff; ++half) {  // every tie
    const double tie = (f16_by_definition(half) + f16_by_definition(half + 1)) / 2;
    ASSERT_EQ(float_to_f16(static_cast<float>(tie)), half % 2 == 0 ? half : half + 1) << half;
  }
}

TEST(Half, F16Extremes) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(float_to_f16(65504.0f), 0x7bff);
  EXPECT_EQ(float_to_f16(65519.996f), 0x7bff);
  EXPECT_EQ(float_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_f16(1e30f), 0x7c00);
  EXPECT_EQ(float_to_f16(-infinity), 0xfc00);
  EXPECT_EQ(float_to_f16(0x1p-25f), 0);  // a tie with 0
  EXPECT_EQ(float_to_f16(0x1.01p-25f), 1);
  EXPECT_EQ(float_to_f16(-0.0f), 0x8000);
  EXPECT_TRUE(std::isnan(f16_to_float(float_to_f16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Half, Bf16RoundsToNearestEven) {
  EXPECT_EQ(float_to_bf16(1.0f), 0x3f80);
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3f808000u)), 0x3f80);  // tie: to even, down
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3f818000u)), 0x3f82);  // tie: to even, up
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3f808001u)), 0x3f81);
  EXPECT_EQ(float_to_bf16(std::numeric_limits<float>::max()), 0x7f80);  // rounds to infinity
  EXPECT_EQ(float_to_bf16(-0.0f), 0x8000);
  EXPECT_EQ(bf16_to_float(0xc040), -3.0f);
}

TEST(Half, Bf16NanStaysNan) {
  const float nan = std::bit_cast<float>(0x7f800001u);  // its high 16 bits alone are infinity
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(nan))));
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bf16_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(float_to_bf16(value), bits);
  }
}

}  // namespace
}  // namespace jet
