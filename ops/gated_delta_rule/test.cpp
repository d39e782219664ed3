// gated_delta_rule against its float64 reference, and bit against bit over cuts and threads.
#include <algorithm>

#include "ops/gated_delta_rule/kernels.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::OwnedBatch;
using testing::same_bits;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// What a step reads besides its batch and state.
struct Inputs {
  int64_t tokens, heads, keys, values;
  std::vector<float> q, k, v, g, beta;
};

void normalise(std::vector<float>& rows, int64_t width, float scale) {
  for (auto row = rows.begin(); row != rows.end(); row += width) {
    double squares = 1e-6;
    for (auto x = row; x != row + width; ++x) squares += double{*x} * *x;
    for (auto x = row; x != row + width; ++x)
      *x = static_cast<float>(scale * *x / std::sqrt(squares));
  }
}

// `correlation` in [0, 1): how far all keys point the same way. Decays are -exp(normal) `decay`.
Inputs inputs(int64_t tokens, int64_t heads, int64_t keys, int64_t values, double correlation = 0,
              double decay = 0.1, double smallest_beta = 0) {
  Inputs in{tokens, heads, keys, values, {}, {}, {}, {}, {}};
  in.q = normals(tokens * heads * keys, 1);
  in.k = normals(tokens * heads * keys, 2);
  const auto common = normals(keys, 3);
  for (size_t i = 0; i < in.k.size(); ++i) {
    in.k[i] = static_cast<float>((1 - correlation) * in.k[i] +
                                 correlation * common[i % static_cast<size_t>(keys)]);
  }
  normalise(in.q, keys, 1 / std::sqrt(static_cast<float>(keys)));
  normalise(in.k, keys, 1);
  in.v = normals(tokens * heads * values, 4);
  Random random(5);
  for (const float x : normals(tokens * heads, 6)) {
    in.g.push_back(static_cast<float>(-decay * std::exp(double{x})));
    in.beta.push_back(static_cast<float>(smallest_beta + (1 - smallest_beta) * random.uniform()));
  }
  return in;
}

// The arguments for rows [first, first + rows) of the inputs, with y of those rows.
GatedDeltaRule arguments(const Inputs& in, int64_t first, int64_t rows, const BatchView& batch,
                         TensorView state, std::span<float> y) {
  const auto part = [&](const std::vector<float>& numbers, int64_t width) {
    return std::span(numbers).subspan(static_cast<size_t>(first * in.heads * width),
                                      static_cast<size_t>(rows * in.heads * width));
  };
  return {.q = view_of(part(in.q, in.keys), Shape{rows, in.heads, in.keys}),
          .k = view_of(part(in.k, in.keys), Shape{rows, in.heads, in.keys}),
          .v = view_of(part(in.v, in.values), Shape{rows, in.heads, in.values}),
          .g = view_of(part(in.g, 1), Shape{rows, in.heads}),
          .beta = view_of(part(in.beta, 1), Shape{rows, in.heads}),
          .batch = batch,
          .state = state,
          .y = view_of(y, Shape{rows, in.heads, in.values})};
}

void run(OpContext& op, const GatedDeltaRule& args) {
  const Arena::Scope scratch(op.arena);
  gated_delta_rule(op.context, args, op.workspace(gated_delta_rule_workspace(op.context, args)));
}

// |k| = 1 and beta <= 1, so a step never lengthens S: each token adds the rounding of two sums over
// K and of the update, some K^1/2 2^-24 of what is there, and T tokens at most T times that.
// Outputs and states of these cases are of order 1.
double tolerance(int64_t tokens, int64_t keys) {
  return 2e-7 * (std::sqrt(static_cast<double>(keys)) + std::sqrt(static_cast<double>(tokens)));
}

// Sequences: a new one, one without rows, old ones, one of padding; slots in no order.
OwnedBatch mixed_batch() {
  OwnedBatch batch({5, 0, 1, 7, 3}, {0, 4, 9, 2, 0});
  batch.slots = {3, 1, 0, 5, -1};
  return batch;
}

TEST(GatedDeltaRule, EqualsTheReferenceOverAwkwardShapes) {
  struct Case {
    int64_t heads, keys, values;
  };
  const OwnedBatch batch = mixed_batch();
  const int64_t tokens = batch.view().tokens(), slots = 6;
  for (const auto& [heads, keys, values] : {Case{1, 1, 1}, Case{2, 3, 5}, Case{3, 24, 64},
                                            Case{2, 96, 256}, Case{1, 17, 33}, Case{5, 8, 31}}) {
    const Inputs in = inputs(tokens, heads, keys, values);
    const Shape state_shape{slots, heads, keys, values};
    const auto before = normals(state_shape.elements(), 7);
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      Guarded y(Shape{tokens, heads, values}), state(state_shape);
      std::copy(before.begin(), before.end(), state.values().begin());
      const GatedDeltaRule args = arguments(in, 0, tokens, batch.view(), state.view(), y.values());
      const GatedDeltaRuleReference expected = gated_delta_rule_reference(args);
      run(op, args);
      y.check();
      state.check();
      EXPECT_LT(testing::worst_error(y.values(), expected.y), tolerance(tokens, keys))
          << heads << " heads of " << keys << " x " << values;
      EXPECT_LT(testing::worst_error(state.values(), expected.state), tolerance(tokens, keys));
      const auto numbers = static_cast<size_t>(heads * keys * values);
      const auto slot = [numbers](std::span<const float> all, size_t s) {
        return all.subspan(s * numbers, numbers);
      };
      for (const size_t untouched : {1, 2, 4}) {
        EXPECT_TRUE(same_bits(slot(state.values(), untouched), slot(before, untouched)));
      }
    }
  }
}

TEST(GatedDeltaRule, StaysCloseOverLongSequencesHardToCorrect) {
  struct Case {
    double correlation, decay, smallest_beta;
  };
  const int64_t tokens = 300, keys = 32, values = 40;
  for (const auto& [correlation, decay, smallest_beta] :
       {Case{0.9, 1e-4, 0.99},    // keys almost alike, written in full, kept for ever
        Case{0.0, 1e-6, 0.99},    // a memory that fills
        Case{0.9, 20.0, 0.0}}) {  // one that forgets at once
    const Inputs in = inputs(tokens, 2, keys, values, correlation, decay, smallest_beta);
    const OwnedBatch batch({tokens}, {0});
    OpContext op(3);
    Guarded y(Shape{tokens, 2, values}), state(Shape{1, 2, keys, values});
    const GatedDeltaRule args = arguments(in, 0, tokens, batch.view(), state.view(), y.values());
    const GatedDeltaRuleReference expected = gated_delta_rule_reference(args);
    run(op, args);
    EXPECT_LT(testing::worst_error(y.values(), expected.y), tolerance(tokens, keys));
    EXPECT_LT(testing::worst_error(state.values(), expected.state), tolerance(tokens, keys));
  }
}

TEST(GatedDeltaRule, ReadsBackWhatItWrote) {
  const int64_t width = 8;
  Inputs in{2, 1, width, width, {}, {}, {}, {}, {}};
  in.k.assign(2 * width, 0);
  in.k[3] = in.k[width + 5] = 1;  // two keys at right angles
  in.v = normals(2 * width, 1);
  in.q.assign(2 * width, 0);
  in.q[3] = in.q[width + 3] = 1;  // the first is asked for twice
  in.g = {0, std::log(0.5f)};
  in.beta = {1, 1};
  const OwnedBatch batch({2}, {0});
  OpContext op;
  Guarded y(Shape{2, 1, width}), state(Shape{1, 1, width, width});
  run(op, arguments(in, 0, 2, batch.view(), state.view(), y.values()));
  for (size_t i = 0; i < width; ++i) {
    EXPECT_FLOAT_EQ(y.values()[i], in.v[i]);
    EXPECT_FLOAT_EQ(y.values()[width + i], 0.5f * in.v[i]);
  }
}

TEST(GatedDeltaRule, StartsFromZeroWhateverTheSlotHolds) {
  const Inputs in = inputs(4, 2, 5, 7);
  OwnedBatch batch({2, 2}, {0, 0});
  batch.slots = {1, -1};
  OpContext op(3);
  Guarded y(Shape{4, 2, 7});
  const Shape state_shape{2, 2, 5, 7};
  std::vector<float> state(static_cast<size_t>(state_shape.elements()), kNan);
  const GatedDeltaRule args =
      arguments(in, 0, 4, batch.view(), view_of(std::span(state), state_shape), y.values());
  const GatedDeltaRuleReference expected = gated_delta_rule_reference(args);
  run(op, args);
  y.check();
  EXPECT_LT(testing::worst_error(y.values(), expected.y), tolerance(2, 5));
  const auto half = std::span(state).size() / 2;
  EXPECT_TRUE(std::ranges::all_of(std::span(state).first(half), [](float x) { return x != x; }))
      << "a slot of no sequence was written";
  EXPECT_LT(testing::worst_error(std::span(state).last(half), std::span(expected.state).last(half)),
            tolerance(2, 5));
}

TEST(GatedDeltaRule, CuttingASequenceChangesNoBit) {
  const int64_t tokens = 9, heads = 2, keys = 24, values = 40;
  const Inputs in = inputs(tokens, heads, keys, values);
  const Shape state_shape{1, heads, keys, values};
  // Runs the sequence in parts of `step` rows and returns y and then the state.
  const auto run_in_parts = [&](int64_t step, int threads) {
    OpContext op(threads);
    std::vector<float> y(in.v.size(), kNan);
    std::vector<float> state(static_cast<size_t>(state_shape.elements()), kNan);
    for (int64_t past = 0; past < tokens; past += step) {
      const int64_t rows = std::min(step, tokens - past);
      const OwnedBatch batch({static_cast<int32_t>(rows)}, {static_cast<int32_t>(past)});
      const auto part = std::span(y).subspan(static_cast<size_t>(past * heads * values),
                                             static_cast<size_t>(rows * heads * values));
      run(op,
          arguments(in, past, rows, batch.view(), view_of(std::span(state), state_shape), part));
    }
    y.insert(y.end(), state.begin(), state.end());
    return y;
  };
  const auto whole = run_in_parts(tokens, 1);
  for (int64_t step = 1; step <= tokens; ++step) {
    for (const int threads : {1, 3})
      EXPECT_TRUE(same_bits(run_in_parts(step, threads), whole)) << "in parts of " << step;
  }
}

TEST(GatedDeltaRule, RefusesWhatDoesNotFit) {
  OpContext op;
  const Inputs in = inputs(3, 2, 4, 5);
  std::vector<float> y(3 * 2 * 5), state(2 * 2 * 4 * 5);
  const auto error = [&](const OwnedBatch& batch, auto&& change) {
    GatedDeltaRule args =
        arguments(in, 0, 3, batch.view(), view_of(std::span(state), Shape{2, 2, 4, 5}), y);
    const auto workspace = op.workspace(gated_delta_rule_workspace(op.context, args));
    change(args);
    return testing::error_of([&] { gated_delta_rule(op.context, args, workspace); });
  };
  const auto nothing = [](GatedDeltaRule&) {};
  const OwnedBatch batch({3}, {1});
  EXPECT_EQ(error(batch, nothing), "");
  EXPECT_EQ(error(batch,
                  [](GatedDeltaRule& args) {
                    args.state.shape = Shape{2, 2, 5, 4};
                  }),
            "gated_delta_rule: state is f32 [2, 2, 5, 4], expected f32 [2, 2, 4, 5]");
  EXPECT_NE(error(batch, [](GatedDeltaRule& args) { args.k = args.v; }), "");
  EXPECT_NE(error(batch, [](GatedDeltaRule& args) { args.g = args.v; }), "");
  EXPECT_NE(error(batch, [](GatedDeltaRule& args) { args.beta = args.v; }), "");
  EXPECT_NE(error(batch, [](GatedDeltaRule& args) { args.y.shape = Shape{3, 5, 2}; }), "");
  EXPECT_NE(error(batch, [](GatedDeltaRule& args) { args.q.type = DType::F16; }), "");
  EXPECT_EQ(error(OwnedBatch({2}, {1}), nothing),
            "gated_delta_rule: the batch has 2 rows, the tensors 3");
  EXPECT_EQ(error(OwnedBatch({3}, {-1}), nothing),
            "gated_delta_rule: sequence 0 has -1 tokens of past");
  OwnedBatch bad = batch;
  bad.slots[0] = 2;
  EXPECT_EQ(error(bad, nothing), "gated_delta_rule: sequence 0 has slot 2, the state has 2 slots");

  const GatedDeltaRule args =
      arguments(in, 0, 3, batch.view(), view_of(std::span(state), Shape{2, 2, 4, 5}), y);
  EXPECT_NE(testing::error_of([&] { gated_delta_rule(op.context, args, {}); }), "");
}

}  // namespace
}  // namespace jet
