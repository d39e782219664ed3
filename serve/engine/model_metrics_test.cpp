// Histograms in Prometheus' form.
#include "serve/engine/model_metrics.h"

#include <array>

#include <gtest/gtest.h>

namespace jet::serve {
namespace {

TEST(Histogram, BucketsAreCumulativeAndTakeTheirBound) {
  constexpr std::array kBounds{1.0, 2.5};
  Histogram histogram(kBounds);
  for (const double value : {0.5, 1.0, 2.0, 7.0}) histogram.observe(value);
  EXPECT_EQ(histogram.lines("h", "m=\"x\""),
            "h_bucket{m=\"x\",le=\"1\"} 2\nh_bucket{m=\"x\",le=\"2.5\"} 3\n"
            "h_bucket{m=\"x\",le=\"+Inf\"} 4\nh_sum{m=\"x\"} 10.5\nh_count{m=\"x\"} 4\n");
}

}  // namespace
}  // namespace jet::serve
