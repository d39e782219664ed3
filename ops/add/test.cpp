// add against its float64 reference.
#include <jet/error.h>

#include "ops/add/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;

// One rounding: half a unit in the last place, 2^-24.
TEST(Add, EqualsTheReferenceOverAwkwardShapes) {
  for (const Shape& shape : {Shape{1}, Shape{3, 7}, Shape{0, 8}, Shape{2, 3, 17}, Shape{90, 576}}) {
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      Guarded x(shape);
      const auto before = normals(shape.elements(), 1);
      std::copy(before.begin(), before.end(), x.values().begin());
      const auto y = normals(shape.elements(), 2);
      const Add args{x.view(), view_of(y, shape)};
      const auto expected = add_reference(args);
      add(op.context, args);
      x.check();
      EXPECT_LT(testing::worst_error(x.values(), expected), 6.1e-8) << to_string(shape);
    }
  }
}

TEST(Add, DoublesWhatIsAddedToItself) {
  OpContext op;
  std::vector<float> x{1, -2, 0.5f};
  const TensorView view = view_of(std::span(x), Shape{3});
  add(op.context, {view, view});
  EXPECT_EQ(x, (std::vector<float>{2, -4, 1}));
}

TEST(Add, RefusesShapesThatDoNotFit) {
  OpContext op;
  Guarded x(Shape{3, 4});
  Guarded y(Shape{4, 3});
  EXPECT_THROW(add(op.context, {x.view(), y.view()}), Error);
  EXPECT_THROW(add(op.context, {x.view(), {y.view().data, DType::BF16, Shape{3, 4}}}), Error);
}

}  // namespace
}  // namespace jet
