#include "ops/linear/product_peak.h"

#include <gtest/gtest.h>

#include "ops/linear/int8.h"

namespace jet {
namespace {

TEST(ProductPeak, IsMeasuredWhereTheKernelsHaveALoop) {
  ThreadPool threads(1);
  EXPECT_GT(measure_product_peak(threads, DType::F32), 0);
  for (const Int8Kernels& kernels : int8_kernels()) {
    const WithInt8Kernels chosen(kernels);
    EXPECT_EQ(measure_product_peak(threads, DType::Q4_1) > 0, kernels.spin != nullptr)
        << kernels.name;
    EXPECT_EQ(kernels.spin_products > 0, kernels.spin != nullptr) << kernels.name;
  }
}

}  // namespace
}  // namespace jet
