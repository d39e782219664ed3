// swiglu_linear is linear and swiglu one after the other, bit for bit.
#include <jet/error.h>

#include "ops/linear/linear.h"
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
