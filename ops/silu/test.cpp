// silu against its float64 reference.
#include <jet/error.h>

#include "ops/silu/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::OpContext;

// One exponential and one division: a few units in the last place.
TEST(Silu, EqualsTheReferenceOverAwkwardShapes) {
  for (const Shape& shape : {Shape{1}, Shape{3, 7}, Shape{2, 5, 999}, Shape{0, 4}}) {
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      const auto x = testing::normals(shape.elements(), 1, 5.0);
      Guarded y(shape);
      const Silu args{view_of(x, shape), y.view()};
      silu(op.context, args);
      y.check();
      EXPECT_LT(testing::worst_error(y.values(), silu_reference(args)), 1e-6);
    }
  }
}

TEST(Silu, StaysFiniteForLargeInputs) {
  OpContext op;
  const std::vector<float> x{-1000, -90, 90, 1000};
  Guarded y(Shape{4});
  silu(op.context, {view_of(x, Shape{4}), y.view()});
  EXPECT_EQ(y.values()[0], 0);
  EXPECT_NEAR(y.values()[1], 0, 1e-30);
  EXPECT_EQ(y.values()[2], 90);
  EXPECT_EQ(y.values()[3], 1000);
}

TEST(Silu, RefusesShapesThatDoNotFit) {
  OpContext op;
  const auto x = testing::normals(4, 1);
  Guarded y(Shape{5});
  EXPECT_THROW(silu(op.context, {view_of(x, Shape{4}), y.view()}), Error);
}

}  // namespace
}  // namespace jet
