// add on CUDA against its float64 reference.
#include "ops/add/kernels.h"
#include "ops/testing/gpu_test.h"

namespace jet {
namespace {

using testing::GpuTest;
using testing::GuardedOnDevice;

class AddOnGpu : public GpuTest {};

TEST_F(AddOnGpu, EqualsTheReferenceOverAwkwardShapes) {
  for (const int64_t n : {0, 1, 3, 4, 1023, 1024, 65537}) {
    const Shape shape{n};
    auto x = testing::normals(n, 1);
    const auto y = testing::normals(n, 2);
    GuardedOnDevice sum(*device, shape);
    device->upload(sum.view().data, reinterpret_cast<const std::byte*>(x.data()), n * 4);
    const Tensor y_there = upload(y, shape);
    add(context, {sum.view(), y_there.view()});
    // One rounding.
    EXPECT_LT(testing::worst_error(
                  sum.values(), add_reference({view_of(std::span(x), shape), view_of(y, shape)})),
              6e-8)
        << n;
  }
}

}  // namespace
}  // namespace jet
