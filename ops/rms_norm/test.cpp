// rms_norm against its float64 reference.
#include <jet/error.h>

#include "ops/rms_norm/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::OpContext;

// The float32 sum of D squares carries a relative error of about D * 2^-24 at worst, of its root in
// y.
TEST(RmsNorm, EqualsTheReferenceOverAwkwardShapes) {
  for (const Shape& shape :
       {Shape{1, 1}, Shape{3, 7}, Shape{5, 64}, Shape{2, 3, 17}, Shape{33, 576}, Shape{0, 8}}) {
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      const auto x = testing::normals(shape.elements(), 1);
      const auto weight = testing::normals(shape.back(), 2);
      Guarded y(shape);
      const RmsNorm args{view_of(x, shape), view_of(weight, Shape{shape.back()}), 1e-6f, y.view()};
      rms_norm(op.context, args);
      y.check();
      EXPECT_LT(testing::worst_error(y.values(), rms_norm_reference(args)), 2e-6)
          << to_string(shape);
    }
  }
}

TEST(RmsNorm, MayWriteOverItsInput) {
  OpContext op;
  auto x = testing::normals(24, 3);
  const auto weight = testing::normals(8, 4);
  const Shape shape{3, 8};
  const auto expected =
      rms_norm_reference({view_of(std::span(x), shape), view_of(weight, Shape{8}), 1e-5f, {}});
  rms_norm(op.context, {view_of(std::span(x), shape), view_of(weight, Shape{8}), 1e-5f,
                        view_of(std::span(x), shape)});
  EXPECT_LT(testing::worst_error(x, expected), 2e-6);
}

TEST(RmsNorm, RefusesShapesThatDoNotFit) {
  OpContext op;
  auto x = testing::normals(24, 3);
  const auto weight = testing::normals(7, 4);
  const Shape shape{3, 8};
  EXPECT_THROW(rms_norm(op.context, {view_of(std::span(x), shape), view_of(weight, Shape{7}), 1e-5f,
                                     view_of(std::span(x), shape)}),
               Error);
}

}  // namespace
}  // namespace jet
