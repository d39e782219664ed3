// rope against its float64 reference, and the properties it is made for.
#include <jet/error.h>

#include "ops/rope/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::OwnedBatch;

// Sine, cosine, two products and their sum: some units of 2^-24, of numbers up to 5.
constexpr double kTolerance = 5e-7;

TEST(Rope, EqualsTheReferenceOverAwkwardShapes) {
  struct Case {
    std::vector<int32_t> lengths, past;
    int64_t heads, width;
  };
  for (const auto& [lengths, past, heads, width] :
       {Case{{1}, {0}, 1, 2}, Case{{3}, {5}, 2, 6}, Case{{1, 1, 7}, {4000, 0, 31}, 3, 64},
        Case{{0, 33, 2}, {9, 131000, 1}, 2, 130}, Case{{2}, {0}, 1, 256}, Case{{0}, {0}, 2, 4},
        Case{{}, {}, 2, 4}}) {
    const OwnedBatch batch(lengths, past);
    const Shape shape{batch.view().tokens(), heads, width};
    const Tensor frequencies = rope_frequencies(width, 10000);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      Guarded x(shape);
      const auto before = normals(shape.elements(), 1);
      std::copy(before.begin(), before.end(), x.values().begin());
      const Rope args{x.view(), frequencies.view(), batch.view()};
      const auto expected = rope_reference(args);
      rope(op.context, args);
      x.check();
      EXPECT_LT(testing::worst_error(x.values(), expected), kTolerance) << to_string(shape);
    }
  }
}

TEST(Rope, FrequenciesFallFromOneToTheInverseOfTheta) {
  const Tensor frequencies = rope_frequencies(8, 10000);
  ASSERT_EQ(frequencies.shape(), Shape{4});
  const float* f = frequencies.view().f32();
  EXPECT_EQ(f[0], 1.0f);
  EXPECT_EQ(f[1], 0.1f);
  EXPECT_EQ(f[2], 0.01f);
  EXPECT_EQ(f[3], 0.001f);
}

TEST(Rope, PairsAreHalvesAndTurnByTheirOwnFrequency) {
  OpContext op;
  const OwnedBatch batch({1}, {2});
  const std::vector<float> frequencies{0.25f, 0.5f};
  std::vector<float> x{1, 1, 0, 0};
  rope(op.context,
       {view_of(std::span(x), Shape{1, 1, 4}), view_of(frequencies, Shape{2}), batch.view()});
  EXPECT_NEAR(x[0], std::cos(0.5), 1e-7);
  EXPECT_NEAR(x[2], std::sin(0.5), 1e-7);
  EXPECT_NEAR(x[1], std::cos(1.0), 1e-7);
  EXPECT_NEAR(x[3], std::sin(1.0), 1e-7);
}

// The product of a turned query and a turned key depends on their distance alone.
TEST(Rope, ProductsDependOnTheDistanceAlone) {
  OpContext op;
  const int64_t width = 32;
  const auto q = normals(width, 2);
  const auto k = normals(width, 3);
  const Tensor frequencies = rope_frequencies(width, 10000);
  const auto product = [&](int32_t q_position, int32_t k_position) {
    std::vector<float> rows(q);
    rows.insert(rows.end(), k.begin(), k.end());
    const OwnedBatch batch({1, 1}, {q_position, k_position});
    rope(op.context,
         {view_of(std::span(rows), Shape{2, 1, width}), frequencies.view(), batch.view()});
    double sum = 0;
    for (size_t i = 0; i < static_cast<size_t>(width); ++i)
      sum += double{rows[i]} * rows[i + static_cast<size_t>(width)];
    return sum;
  };
  EXPECT_NEAR(product(7, 2), product(105, 100), 1e-4);
  EXPECT_GT(std::abs(product(7, 2) - product(8, 2)), 1e-2);
}

TEST(Rope, RefusesWhatDoesNotFit) {
  OpContext op;
  const OwnedBatch batch({2}, {0});
  const Tensor frequencies = rope_frequencies(4, 10000);
  Guarded x(Shape{2, 3, 4});
  EXPECT_THROW(rope(op.context, {Guarded(Shape{2, 12}).view(), frequencies.view(), batch.view()}),
               Error);
  EXPECT_THROW(rope(op.context, {Guarded(Shape{2, 1, 3}).view(), frequencies.view(), batch.view()}),
               Error);
  EXPECT_THROW(rope(op.context, {x.view(), rope_frequencies(8, 1e4).view(), batch.view()}), Error);
  EXPECT_THROW(rope(op.context, {x.view(), frequencies.view(), OwnedBatch({3}, {0}).view()}),
               Error);
  EXPECT_THROW(rope_frequencies(5, 10000), Error);
  EXPECT_THROW(rope_frequencies(4, 0), Error);
}

}  // namespace
}  // namespace jet
