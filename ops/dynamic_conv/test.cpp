// dynamic_conv against its float64 reference, and its state over any cut of a sequence.
#include <numeric>

#include "ops/dynamic_conv/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::OwnedBatch;
using testing::same_bits;

// A few products in float32 of numbers of order 1.
constexpr double kTolerance = 2e-6;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Sequences of all kinds: new ones shorter and longer than the history, young and old ones, one
// without rows, one of padding.
OwnedBatch mixed_batch() {
  OwnedBatch batch({1, 5, 2, 1, 3, 0, 2}, {0, 0, 1, 2, 9, 7, 0});
  batch.slots = {4, 0, 6, 2, 1, 5, -1};
  return batch;
}

TEST(DynamicConv, EqualsTheReferenceOverAwkwardShapes) {
  const OwnedBatch batch = mixed_batch();
  const int64_t tokens = batch.view().tokens(), slots = 7;
  for (const int64_t channels : {1, 3, 64, 130, 256}) {
    for (const int64_t width : {1, 2, 4, 5}) {
      const Shape shape{tokens, channels}, state_shape{slots, width - 1, channels};
      const auto u = normals(tokens * channels, 1), taps = normals(tokens * channels * width, 2);
      const auto before = normals(state_shape.elements(), 3);
      for (const int threads : {1, 3}) {
        OpContext op(threads);
        Guarded y(shape), state(state_shape);
        std::copy(before.begin(), before.end(), state.values().begin());
        DynamicConv args{view_of(u, shape), view_of(taps, Shape{tokens, channels, width}),
                         batch.view(), state.view(), y.view()};
        const auto expected = dynamic_conv_reference(args);
        dynamic_conv(op.context, args);
        y.check();
        state.check();
        EXPECT_LT(testing::worst_error(y.values(), expected), kTolerance)
            << channels << " channels, " << width << " taps";
      }
    }
  }
}

TEST(DynamicConv, KeepsTheLastRowsOldestFirst) {
  OpContext op;
  const OwnedBatch batch = mixed_batch();
  const int64_t tokens = batch.view().tokens(), history = 3, slots = 7;
  std::vector<float> u(static_cast<size_t>(tokens));
  std::iota(u.begin(), u.end(), 100.0f);
  const std::vector<float> taps(static_cast<size_t>(tokens * (history + 1)), 1.0f);
  std::vector<float> state(static_cast<size_t>(slots * history));
  std::iota(state.begin(), state.end(), 1.0f);  // slot s holds 3s + 1, 3s + 2, 3s + 3
  Guarded y(Shape{tokens, 1});
  dynamic_conv(op.context, {view_of(std::span(u), Shape{tokens, 1}),
                            view_of(taps, Shape{tokens, 1, history + 1}), batch.view(),
                            view_of(std::span(state), Shape{slots, history, 1}), y.view()});
  const std::vector<float> expected{
      103, 104, 105,  // slot 0: five new rows
      109, 110, 111,  // slot 1: three more
      8,   9,   108,  // slot 2: one more, after two
      10,  11,  12,   // slot 3: no sequence of this batch
      0,   0,   100,  // slot 4: its first row
      16,  17,  18,   // slot 5: no rows
      21,  106, 107,  // slot 6: two more, after one
  };
  EXPECT_EQ(state, expected);
}

TEST(DynamicConv, IgnoresWhatASlotHoldsFromBeforeItsSequence) {
  OpContext op;
  const OwnedBatch batch({2, 2, 2}, {0, 1, 0});
  const int64_t width = 4;
  const auto u = normals(6, 1), taps = normals(6 * width, 2);
  OwnedBatch with_padding = batch;
  with_padding.slots[2] = -1;
  std::vector<float> state{kNan, kNan, kNan, kNan, kNan, 0.5f, kNan, kNan, kNan};
  Guarded y(Shape{6, 1});
  const DynamicConv args{view_of(u, Shape{6, 1}), view_of(taps, Shape{6, 1, width}),
                         with_padding.view(), view_of(std::span(state), Shape{3, 3, 1}), y.view()};
  const auto expected = dynamic_conv_reference(args);
  dynamic_conv(op.context, args);
  y.check();
  EXPECT_LT(testing::worst_error(y.values(), expected), kTolerance);
  EXPECT_TRUE(
      same_bits(std::span(state).first(6), std::vector<float>{0, u[0], u[1], 0.5f, u[2], u[3]}));
  for (const float value : std::span(state).last(3)) EXPECT_TRUE(std::isnan(value));
}

TEST(DynamicConv, CuttingASequenceChangesNoBit) {
  const int64_t tokens = 11, channels = 67, width = 4;
  const auto u = normals(tokens * channels, 1), taps = normals(tokens * channels * width, 2);
  const Shape state_shape{1, width - 1, channels};
  // Runs the sequence in parts of `step` rows and returns y and then the state.
  const auto run = [&](int64_t step, int threads) {
    OpContext op(threads);
    std::vector<float> y(u.size()), state(static_cast<size_t>(state_shape.elements()), kNan);
    for (int64_t past = 0; past < tokens; past += step) {
      const int64_t rows = std::min(step, tokens - past);
      const OwnedBatch batch({static_cast<int32_t>(rows)}, {static_cast<int32_t>(past)});
      const auto part = [&](auto& values, int64_t numbers) {
        return std::span(values).subspan(static_cast<size_t>(past * numbers),
                                         static_cast<size_t>(rows * numbers));
      };
      const auto u_part = part(u, channels), taps_part = part(taps, channels * width);
      dynamic_conv(op.context, {view_of(u_part, Shape{rows, channels}),
                                view_of(taps_part, Shape{rows, channels, width}), batch.view(),
                                view_of(std::span(state), state_shape),
                                view_of(part(y, channels), Shape{rows, channels})});
    }
    y.insert(y.end(), state.begin(), state.end());
    return y;
  };
  const auto whole = run(tokens, 1);
  for (int64_t step = 1; step <= tokens; ++step) {
    for (const int threads : {1, 3})
      EXPECT_TRUE(same_bits(run(step, threads), whole)) << "in parts of " << step;
  }
}

TEST(DynamicConv, RefusesWhatDoesNotFit) {
  OpContext op;
  const std::vector<float> u(6), taps(24);
  std::vector<float> state(18), y(6);
  const auto error = [&](const OwnedBatch& batch, const Shape& tap_shape,
                         const Shape& state_shape) {
    return testing::error_of([&] {
      dynamic_conv(op.context,
                   {view_of(u, Shape{3, 2}), view_of(taps, tap_shape), batch.view(),
                    view_of(std::span(state), state_shape), view_of(std::span(y), Shape{3, 2})});
    });
  };
  OwnedBatch batch({3}, {0});
  const Shape tap_shape{3, 2, 4}, state_shape{3, 3, 2};
  EXPECT_EQ(error(batch, tap_shape, state_shape), "");
  EXPECT_EQ(error(batch, tap_shape, Shape{3, 2, 3}),
            "dynamic_conv: state is f32 [3, 2, 3], expected f32 [3, 3, 2]");
  EXPECT_NE(error(batch, Shape{2, 3, 4}, state_shape), "");
  EXPECT_EQ(error(OwnedBatch({2}, {0}), tap_shape, state_shape),
            "dynamic_conv: the batch has 2 rows, the tensors 3");
  EXPECT_EQ(error(OwnedBatch({3}, {-1}), tap_shape, state_shape),
            "dynamic_conv: sequence 0 has -1 tokens of past");
  batch.slots[0] = 3;
  EXPECT_EQ(error(batch, tap_shape, state_shape),
            "dynamic_conv: sequence 0 has slot 3, the state has 3 slots");
  batch.slots[0] = -2;
  EXPECT_NE(error(batch, tap_shape, state_shape), "");
}

}  // namespace
}  // namespace jet
