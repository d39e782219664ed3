// add_rms_norm against its parts' references, and bit against bit with its parts.
#include "ops/add/add.h"
#include "ops/add_rms_norm/kernels.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::same_bits;

TEST(AddRmsNorm, EqualsItsParts) {
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 7}, Shape{35, 64}, Shape{2, 576}, Shape{0, 8}}) {
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      const auto before = normals(shape.elements(), 1), y = normals(shape.elements(), 2);
      const auto weight = normals(shape[1], 3);
      Guarded x(shape), normed(shape);
      std::ranges::copy(before, x.values().begin());
      const AddRmsNorm args{x.view(), view_of(y, shape), view_of(weight, Shape{shape[1]}), 1e-6f,
                            normed.view()};
      const AddRmsNormReference expected = add_rms_norm_reference(args);
      add_rms_norm(op.context, args);
      x.check();
      normed.check();
      // One rounding of the sum; some of the scale and the products.
      EXPECT_LT(testing::worst_error(x.values(), expected.x), 1e-7) << to_string(shape);
      EXPECT_LT(testing::worst_error(normed.values(), expected.normed), 1e-6) << to_string(shape);

      std::vector<float> sum = before, after(before.size());
      const TensorView sum_view = view_of(std::span(sum), shape);
      add(op.context, {sum_view, args.y});
      rms_norm(op.context, {sum_view, args.weight, args.eps, view_of(std::span(after), shape)});
      EXPECT_TRUE(same_bits(x.values(), sum));
      EXPECT_TRUE(same_bits(normed.values(), after));
    }
  }
}

TEST(AddRmsNorm, RefusesWhatDoesNotFit) {
  OpContext op;
  auto x = normals(24, 1);
  const TensorView view = view_of(std::span(x), Shape{3, 8});
  const auto weight = normals(8, 2);
  const AddRmsNorm good{view, view, view_of(weight, Shape{8}), 1e-6f, view};
  const auto error = [&](auto&& change) {
    AddRmsNorm args = good;
    change(args);
    return testing::error_of([&] { add_rms_norm(op.context, args); });
  };
  EXPECT_EQ(error([](AddRmsNorm&) {}), "");
  EXPECT_EQ(error([](AddRmsNorm& args) { args.weight.shape = Shape{7}; }),
            "add_rms_norm: weight is f32 [7], expected f32 [8]");
  EXPECT_NE(error([](AddRmsNorm& args) { args.y.shape = Shape{8, 3}; }), "");
  EXPECT_NE(error([](AddRmsNorm& args) { args.normed.type = DType::F16; }), "");
  EXPECT_NE(error([](AddRmsNorm& args) { args.x.shape = Shape{24}; }), "");
}

}  // namespace
}  // namespace jet
