// delta_gates against its float64 reference, and at the ends of the exponential's range.
#include "ops/delta_gates/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;

// A few float32 operations: a few times 2^-24.
constexpr double kTolerance = 1e-6;

TEST(DeltaGates, EqualTheReferenceOverAwkwardShapes) {
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 5}, Shape{50, 12}, Shape{0, 4}, Shape{2, 0}}) {
    const auto a = normals(shape.elements(), 1, 4), b = normals(shape.elements(), 2, 4);
    const auto a_log = normals(shape.back(), 3), dt_bias = normals(shape.back(), 4);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      Guarded g(shape), beta(shape);
      const Shape heads{shape.back()};
      const DeltaGates args{view_of(a, shape),       view_of(b, shape), view_of(a_log, heads),
                            view_of(dt_bias, heads), g.view(),          beta.view()};
      delta_gates(op.context, args);
      g.check();
      beta.check();
      const DeltaGatesReference expected = delta_gates_reference(args);
      EXPECT_LT(testing::worst_error(g.values(), expected.g), kTolerance) << to_string(shape);
      EXPECT_LT(testing::worst_error(beta.values(), expected.beta), kTolerance);
    }
  }
}

TEST(DeltaGates, KeepTheirRelativePrecisionForInputsOfAnySize) {
  OpContext op;
  const std::vector<float> inputs{-1e30f, -1000, -80, -30, -17, -1e-3f, 0,
                                  1e-3f,  17,    20,  21,  89,  1000,   1e30f};
  const Shape shape{static_cast<int64_t>(inputs.size()), 1}, heads{1};
  const std::vector<float> zero(1);
  Guarded g(shape), beta(shape);
  const DeltaGates args{view_of(inputs, shape),
                        view_of(inputs, shape),
                        view_of(zero, heads),
                        view_of(zero, heads),
                        g.view(),
                        beta.view()};
  delta_gates(op.context, args);
  g.check();
  beta.check();
  const DeltaGatesReference expected = delta_gates_reference(args);
  constexpr double kSmallest = 1.2e-38;  // below it float32 loses bits
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_NEAR(g.values()[i], expected.g[i], kTolerance * -expected.g[i] + kSmallest) << inputs[i];
    EXPECT_NEAR(beta.values()[i], expected.beta[i], kTolerance * expected.beta[i] + kSmallest)
        << inputs[i];
    EXPECT_LE(g.values()[i], 0);
    EXPECT_LE(beta.values()[i], 1);
    EXPECT_GE(beta.values()[i], 0);
  }
}

TEST(DeltaGates, RefuseShapesThatDoNotFit) {
  OpContext op;
  const std::vector<float> x(6);
  std::vector<float> y(6);
  const ConstTensorView good = view_of(x, Shape{2, 3}),
                        row = view_of(std::span(x).first(3), Shape{3});
  const TensorView out = view_of(std::span(y), Shape{2, 3});
  const ConstTensorView bad = view_of(x, Shape{3, 2});
  const auto error = [&](const DeltaGates& args) {
    return testing::error_of([&] { delta_gates(op.context, args); });
  };
  EXPECT_EQ(error({good, good, row, row, out, out}), "");
  EXPECT_EQ(error({good, bad, row, row, out, out}),
            "delta_gates: b is f32 [3, 2], expected f32 [2, 3]");
  EXPECT_NE(error({row, good, row, row, out, out}), "");
  EXPECT_NE(error({good, good, good, row, out, out}), "");
  EXPECT_NE(error({good, good, row, good, out, out}), "");
  EXPECT_NE(error({bad, bad, row, row, out, out}), "");
}

}  // namespace
}  // namespace jet
