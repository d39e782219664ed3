// gated_rms_norm against its float64 reference.
#include "ops/gated_rms_norm/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;

// As rms_norm: the float32 sum of V squares errs by V 2^-24 at worst.
constexpr double kTolerance = 3e-6;

TEST(GatedRmsNorm, EqualsTheReferenceOverAwkwardShapes) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 2, 7}, Shape{5, 12, 256}, Shape{2, 3, 65},
                             Shape{0, 2, 8}, Shape{2, 0, 8}, Shape{2, 3, 0}}) {
    const auto x = normals(shape.elements(), 1), gate = normals(shape.elements(), 2, 3);
    const auto weight = normals(shape.back(), 3);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      Guarded y(shape);
      const GatedRmsNorm args{view_of(x, shape), view_of(gate, shape),
                              view_of(weight, Shape{shape.back()}), 1e-5f, y.view()};
      gated_rms_norm(op.context, args);
      y.check();
      EXPECT_LT(testing::worst_error(y.values(), gated_rms_norm_reference(args)), kTolerance)
          << to_string(shape);
    }
  }
}

TEST(GatedRmsNorm, ClosesForVeryNegativeGatesAndPassesLargeOnes) {
  OpContext op;
  const std::vector<float> x{1, 1, 1, 1}, gate{-1000, -1e30f, 100, 1000}, weight{1, 1, 1, 1};
  const Shape shape{1, 1, 4};
  Guarded y(shape);
  gated_rms_norm(op.context, {view_of(x, shape), view_of(gate, shape), view_of(weight, Shape{4}),
                              0.0f, y.view()});
  EXPECT_EQ(y.values()[0], 0.0f);
  EXPECT_EQ(y.values()[1], 0.0f);
  EXPECT_EQ(y.values()[2], 100.0f);
  EXPECT_EQ(y.values()[3], 1000.0f);
}

TEST(GatedRmsNorm, MayWriteOverItsInputOrItsGate) {
  const Shape shape{2, 3, 8};
  const auto x = normals(shape.elements(), 1), gate = normals(shape.elements(), 2);
  const auto weight = normals(8, 3);
  const ConstTensorView w = view_of(weight, Shape{8});
  const auto expected =
      gated_rms_norm_reference({view_of(x, shape), view_of(gate, shape), w, 1e-5f, {}});
  OpContext op;
  auto over = x;
  const TensorView over_x = view_of(std::span(over), shape);
  gated_rms_norm(op.context, {over_x, view_of(gate, shape), w, 1e-5f, over_x});
  EXPECT_LT(testing::worst_error(over, expected), kTolerance);
  over = gate;
  const TensorView over_gate = view_of(std::span(over), shape);
  gated_rms_norm(op.context, {view_of(x, shape), over_gate, w, 1e-5f, over_gate});
  EXPECT_LT(testing::worst_error(over, expected), kTolerance);
}

TEST(GatedRmsNorm, RefusesShapesThatDoNotFit) {
  OpContext op;
  const std::vector<float> x(24);
  std::vector<float> y(24);
  const auto error = [&](const Shape& in, const Shape& gate, int64_t weight, const Shape& out) {
    return testing::error_of([&] {
      gated_rms_norm(op.context,
                     {view_of(x, in), view_of(x, gate),
                      view_of(std::span(x).first(static_cast<size_t>(weight)), Shape{weight}),
                      1e-5f, view_of(std::span(y), out)});
    });
  };
  const Shape good{2, 3, 4};
  EXPECT_EQ(error(good, good, 4, good), "");
  EXPECT_EQ(error(good, good, 3, good), "gated_rms_norm: weight is f32 [3], expected f32 [4]");
  EXPECT_NE(error(good, {2, 4, 3}, 4, good), "");
  EXPECT_NE(error(good, good, 4, {2, 4, 3}), "");
  EXPECT_NE(error({6, 4}, {6, 4}, 4, {6, 4}), "");
}

}  // namespace
}  // namespace jet
