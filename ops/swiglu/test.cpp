// swiglu against its float64 reference.
#include <cstring>
#include <limits>

#include <jet/error.h>

#include "ops/swiglu/kernels.h"
#include "ops/testing/op_test.h"
#include "ops/testing/simd_target.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;

// The exponential errs by an ulp, and four operations round: some units of 2^-24.
constexpr double kTolerance = 4e-7;

TEST(SwiGlu, EqualsTheReferenceOverAwkwardShapes) {
  for (const Shape& shape : {Shape{1, 1}, Shape{3, 7}, Shape{0, 8}, Shape{5, 64}, Shape{9, 1537}}) {
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      const auto gate = normals(shape.elements(), 1, 4.0);
      const auto up = normals(shape.elements(), 2);
      Guarded y(shape);
      const SwiGlu args{view_of(gate, shape), view_of(up, shape), y.view()};
      swiglu(op.context, args);
      y.check();
      EXPECT_LT(testing::worst_error(y.values(), swiglu_reference(args)), kTolerance)
          << to_string(shape);
    }
  }
}

TEST(SwiGlu, IsRelativelyExactOverTheRangeOfTheGate) {
  OpContext op;
  std::vector<float> gates;
  for (int i = -8000; i <= 8000; ++i) gates.push_back(static_cast<float>(i) * 0.01f);
  const std::span<const float> gate = gates;
  const Shape shape{1, static_cast<int64_t>(gate.size())};
  const std::vector<float> up(gate.size(), 1.0f);
  Guarded y(shape);
  const SwiGlu args{view_of(gate, shape), view_of(up, shape), y.view()};
  swiglu(op.context, args);
  const auto expected = swiglu_reference(args);
  for (size_t i = 0; i < gate.size(); ++i)
    ASSERT_NEAR(y.values()[i], expected[i], kTolerance * std::abs(expected[i])) << gate[i];
}

TEST(SwiGlu, EqualsTheReferenceOnEveryInstructionSet) {
  const Shape shape{2, 77};
  const auto gate = normals(shape.elements(), 7, 4.0);
  const auto up = normals(shape.elements(), 8);
  for (const int64_t target : testing::simd_targets()) {
    const testing::WithSimdTarget chosen(target);
    OpContext op;
    Guarded y(shape);
    const SwiGlu args{view_of(gate, shape), view_of(up, shape), y.view()};
    swiglu(op.context, args);
    y.check();
    EXPECT_LT(testing::worst_error(y.values(), swiglu_reference(args)), kTolerance)
        << hwy::TargetName(target);
  }
}

TEST(SwiGlu, StaysFiniteForLargeGatesAndKeepsNaN) {
  OpContext op;
  const float largest = std::numeric_limits<float>::max();
  const std::vector<float> gate{-1000, 1000, -largest, largest, 0, std::nanf("")};
  const std::vector<float> up{2, 2, 1, 1, 3, 1};
  std::vector<float> y(6);
  const Shape shape{1, 6};
  swiglu(op.context, {view_of(gate, shape), view_of(up, shape), view_of(std::span(y), shape)});
  EXPECT_EQ(y[0], 0.0f);
  EXPECT_TRUE(std::signbit(y[0]));
  EXPECT_EQ(y[1], 2000.0f);
  EXPECT_EQ(y[2], 0.0f);
  EXPECT_EQ(y[3], largest);
  EXPECT_EQ(y[4], 0.0f);
  EXPECT_TRUE(std::isnan(y[5]));
}

TEST(SwiGlu, MayWriteOverEitherInput) {
  const Shape shape{3, 11};
  const auto gate = normals(shape.elements(), 3);
  const auto up = normals(shape.elements(), 4);
  OpContext op;
  const auto expected = swiglu_reference({view_of(gate, shape), view_of(up, shape), {}});
  auto over_gate = gate;
  const TensorView gate_view = view_of(std::span(over_gate), shape);
  swiglu(op.context, {gate_view, view_of(up, shape), gate_view});
  EXPECT_LT(testing::worst_error(over_gate, expected), kTolerance);
  auto over_up = up;
  const TensorView up_view = view_of(std::span(over_up), shape);
  swiglu(op.context, {view_of(gate, shape), up_view, up_view});
  EXPECT_LT(testing::worst_error(over_up, expected), kTolerance);
}

// Where a number lies in its vector, and in which thread's share, does not show in its bits.
TEST(SwiGlu, ARowIsBitIdenticalInAnyBatch) {
  const int64_t width = 1537;
  const auto gate = normals(20 * width, 5, 4.0);
  const auto up = normals(20 * width, 6);
  const auto run = [&](int threads, size_t first, int64_t rows) {
    OpContext op(threads);
    const Shape shape{rows, width};
    const auto n = static_cast<size_t>(shape.elements());
    std::vector<float> y(n);
    swiglu(op.context,
           {view_of(std::span(gate).subspan(first * width, n), shape),
            view_of(std::span(up).subspan(first * width, n), shape), view_of(std::span(y), shape)});
    return y;
  };
  const auto all = run(3, 0, 20);
  for (size_t row = 0; row < 20; ++row) {
    const auto alone = run(1, row, 1);
    ASSERT_EQ(std::memcmp(alone.data(), all.data() + row * width, alone.size() * 4), 0) << row;
  }
}

TEST(SwiGlu, RefusesShapesThatDoNotFit) {
  OpContext op;
  Guarded a(Shape{3, 4});
  Guarded b(Shape{4, 3});
  EXPECT_THROW(swiglu(op.context, {a.view(), b.view(), a.view()}), Error);
  EXPECT_THROW(swiglu(op.context, {a.view(), a.view(), b.view()}), Error);
}

}  // namespace
}  // namespace jet
