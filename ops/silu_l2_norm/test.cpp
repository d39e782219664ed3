// silu_l2_norm against its float64 reference.
#include "ops/silu_l2_norm/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;

// A head's numbers are at most `scale`; the float32 sum of K squares errs by K 2^-24 at worst and
// some K^1/2 2^-24 in practice, half of it after the root.
constexpr double kTolerance = 2e-6;

TEST(SiluL2Norm, EqualsTheReferenceOverAwkwardShapes) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 2, 7}, Shape{5, 12, 96}, Shape{2, 3, 257},
                             Shape{0, 2, 8}, Shape{2, 0, 8}, Shape{2, 3, 0}}) {
    const auto x = normals(shape.elements(), 1, 3);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      Guarded y(shape);
      const SiluL2Norm args{view_of(x, shape), 0.25f, 1e-6f, y.view()};
      silu_l2_norm(op.context, args);
      y.check();
      EXPECT_LT(testing::worst_error(y.values(), silu_l2_norm_reference(args)), kTolerance)
          << to_string(shape);
    }
  }
}

TEST(SiluL2Norm, GivesHeadsOfLengthScale) {
  OpContext op;
  const auto x = normals(96, 5);
  const Shape shape{1, 1, 96};
  Guarded y(shape);
  silu_l2_norm(op.context, {view_of(x, shape), 0.5f, 1e-6f, y.view()});
  double squares = 0;
  for (const float value : y.values()) squares += double{value} * value;
  EXPECT_NEAR(std::sqrt(squares), 0.5, 1e-6);
}

TEST(SiluL2Norm, LeavesZerosAndVeryNegativeNumbersAtZero) {
  OpContext op;
  const std::vector<float> x{0, 0, 0, -1000, -1e30f, -200};
  const Shape shape{2, 1, 3};
  Guarded y(shape);
  silu_l2_norm(op.context, {view_of(x, shape), 1.0f, 1e-6f, y.view()});
  for (const float value : y.values()) EXPECT_EQ(value, 0.0f);
}

TEST(SiluL2Norm, MayWriteOverItsInput) {
  OpContext op;
  auto x = normals(2 * 3 * 8, 3);
  const TensorView view = view_of(std::span(x), Shape{2, 3, 8});
  const auto expected = silu_l2_norm_reference({view, 1.0f, 1e-6f, {}});
  silu_l2_norm(op.context, {view, 1.0f, 1e-6f, view});
  EXPECT_LT(testing::worst_error(x, expected), kTolerance);
}

TEST(SiluL2Norm, RefusesShapesThatDoNotFit) {
  OpContext op;
  const std::vector<float> x(24);
  std::vector<float> y(24);
  const auto error = [&](const Shape& in, const Shape& out) {
    return testing::error_of([&] {
      silu_l2_norm(op.context, {view_of(x, in), 1.0f, 1e-6f, view_of(std::span(y), out)});
    });
  };
  EXPECT_EQ(error({2, 3, 4}, {2, 4, 3}),
            "silu_l2_norm: y is f32 [2, 4, 3], expected f32 [2, 3, 4]");
  EXPECT_EQ(error({6, 4}, {6, 4}), "silu_l2_norm: x is f32 [6, 4], expected f32 of 3 dimensions");
}

}  // namespace
}  // namespace jet
