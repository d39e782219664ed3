// Sizes that overflow are errors.
#include "core/checked.h"

#include <gtest/gtest.h>

namespace jet {
namespace {

TEST(Checked, ComputesWhatFits) {
  EXPECT_EQ(checked_mul(int64_t{1} << 31, int64_t{1} << 31), int64_t{1} << 62);
  EXPECT_EQ(checked_mul(INT64_MAX, 1), INT64_MAX);
  EXPECT_EQ(checked_mul(INT64_MAX, 0), 0);
  EXPECT_EQ(checked_add(INT64_MAX - 1, 1), INT64_MAX);
}

TEST(Checked, RefusesWhatDoesNot) {
  EXPECT_THROW(checked_mul(int64_t{1} << 32, int64_t{1} << 31), Error);
  EXPECT_THROW(checked_mul(INT64_MAX, 2), Error);
  EXPECT_THROW(checked_add(INT64_MAX, 1), Error);
  EXPECT_THROW(checked_add(INT64_MIN, -1), Error);
}

}  // namespace
}  // namespace jet
