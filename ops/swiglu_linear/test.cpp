// swiglu_linear is linear and swiglu one after the other, bit for bit, and near the float64
// reference where its weights are of unlike types.
#include <jet/error.h>

#include "ops/linear/kernels.h"
#include "ops/linear/linear.h"
#include "ops/packing_preparer.h"
#include "ops/swiglu/swiglu.h"
#include "ops/swiglu_linear/swiglu_linear.h"
#include "ops/testing/op_test.h"
#include "ops/testing/random_weight.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;

TEST(SwiGluLinear, GivesTheBitsOfItsParts) {
  for (const DType type : {DType::F32, DType::BF16, DType::Q8_0}) {
    for (const int64_t rows : {0, 1, 5}) {
      const int64_t in = 64, out = 37;
      const Weight gate = testing::random_weight(type, out, in, 1, 0.5);
      const Weight up = testing::random_weight(type, out, in, 2, 0.5);
      const auto x = normals(rows * in, 3);
      OpContext op(2);
      const Shape shape{rows, out};
      Guarded a(shape), b(shape), y(shape);
      const LinearPart parts[] = {{gate, {}, a.view()}, {up, {}, b.view()}};
      const LinearGroup group{view_of(x, Shape{rows, in}), parts};
      linear(op.context, group, op.arena.span(linear_workspace(op.context, group)));
      swiglu(op.context, {a.view(), b.view(), a.view()});

      const SwiGluLinear args{view_of(x, Shape{rows, in}), gate, up, y.view()};
      swiglu_linear(op.context, args, op.arena.span(swiglu_linear_workspace(op.context, args)));
      y.check();
      EXPECT_TRUE(testing::same_bits(y.values(), a.values())) << name(type) << ", " << rows;
    }
  }
}

// silu(Wg x) * (Wu x) in float64 on the decoded weights.
std::vector<double> reference(const ConstTensorView& x, const Weight& gate, const Weight& up) {
  std::vector<double> y = linear_reference({.x = x, .weight = gate, .y = {}});
  const std::vector<double> factors = linear_reference({.x = x, .weight = up, .y = {}});
  for (size_t i = 0; i < y.size(); ++i) y[i] *= factors[i] / (1 + std::exp(-y[i]));
  return y;
}

// As in files of mixed types, with the weights as rows and packed.
TEST(SwiGluLinear, TakesWeightsOfUnlikeTypes) {
  struct Case {
    DType gate, up;
    // Of the packed product. Floats: sums in float32. Blocks: x is rounded to int8, of a normal row
    // by 0.5 % (rms), and so are the outputs, of order 1; up to 5 deviations.
    double tolerance;
  };
  const int64_t in = 64, out = 37;
  const PackingPreparer preparer(1);
  for (const auto& [gate_type, up_type, tolerance] :
       {Case{DType::F32, DType::F16, 1e-5}, Case{DType::F16, DType::F32, 1e-5},
        Case{DType::Q8_0, DType::Q4_0, 0.025}, Case{DType::Q4_0, DType::BF16, 0.025}}) {
    const Weight gate = testing::random_weight(gate_type, out, in, 1, 0.125);
    const Weight up = testing::random_weight(up_type, out, in, 2, 0.125);
    const Weight packed_gate = preparer.weight(gate.tensor), packed_up = preparer.weight(up.tensor);
    for (const int64_t rows : {1, 5, 35}) {
      const auto numbers = normals(rows * in, 3);
      const ConstTensorView x = view_of(numbers, Shape{rows, in});
      const auto expected = reference(x, gate, up);
      OpContext op(2);
      const auto error_of_run = [&](const Weight& g, const Weight& u) {
        Guarded y(Shape{rows, out});
        const SwiGluLinear args{x, g, u, y.view()};
        swiglu_linear(op.context, args, op.workspace(swiglu_linear_workspace(op.context, args)));
        y.check();
        return testing::worst_error(y.values(), expected);
      };
      EXPECT_LT(error_of_run(gate, up), 1e-5) << name(gate_type) << ", " << name(up_type);
      EXPECT_LT(error_of_run(packed_gate, packed_up), tolerance)
          << name(gate_type) << ", " << name(up_type);
    }
  }
}

TEST(SwiGluLinear, RefusesWeightsThatDoNotFit) {
  OpContext op;
  const Weight gate = testing::random_weight(DType::F32, 6, 4, 1, 1);
  const Weight other = testing::random_weight(DType::F32, 5, 4, 1, 1);
  const std::vector<float> x(8);
  Guarded y(Shape{2, 6});
  EXPECT_THROW(
      swiglu_linear_workspace(op.context, {view_of(x, Shape{2, 4}), gate, other, y.view()}), Error);
  EXPECT_THROW(swiglu_linear_workspace(op.context, {view_of(x, Shape{4, 2}), gate, gate, y.view()}),
               Error);
}

}  // namespace
}  // namespace jet
