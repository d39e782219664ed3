// jet_step against its reference, and bit against bit with its parts.
#include <cmath>

#include "ops/delta_gates/delta_gates.h"
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/gated_delta_rule/gated_delta_rule.h"
#include "ops/gated_rms_norm/gated_rms_norm.h"
#include "ops/jet_step/kernels.h"
#include "ops/silu_l2_norm/silu_l2_norm.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::OwnedBatch;
using testing::same_bits;

constexpr int64_t kSlots = 6;

struct Sizes {
  int64_t heads, keys, values, taps;
};

// A step and the states it begins from.
struct Step {
  Sizes sizes;
  int64_t rows;
  std::vector<float> q, k, u, taps, a, b, gate, a_log, dt_bias, o_norm, conv, recurrent;

  Step(const Sizes& s, int64_t tokens)
      : sizes(s),
        rows(tokens),
        q(normals(tokens * s.heads * s.keys, 1)),
        k(normals(tokens * s.heads * s.keys, 2)),
        u(normals(tokens * s.heads * s.values, 3)),
        taps(normals(tokens * s.heads * s.values * s.taps, 4)),
        a(normals(tokens * s.heads, 5)),
        b(normals(tokens * s.heads, 6)),
        gate(normals(tokens * s.heads * s.values, 7)),
        a_log(normals(s.heads, 8)),
        dt_bias(normals(s.heads, 9)),
        o_norm(normals(s.values, 10)),
        conv(normals(kSlots * (s.taps - 1) * s.heads * s.values, 11)),
        recurrent(normals(kSlots * s.heads * s.keys * s.values, 12)) {}

  JetStep args(const BatchView& batch, std::span<float> conv_state, std::span<float> state,
               std::span<float> y) const {
    const auto& [h, keys, values, w] = sizes;
    return {.q = view_of(q, Shape{rows, h, keys}),
            .k = view_of(k, Shape{rows, h, keys}),
            .u = view_of(u, Shape{rows, h * values}),
            .taps = view_of(taps, Shape{rows, h * values, w}),
            .a = view_of(a, Shape{rows, h}),
            .b = view_of(b, Shape{rows, h}),
            .gate = view_of(gate, Shape{rows, h, values}),
            .a_log = view_of(a_log, Shape{h}),
            .dt_bias = view_of(dt_bias, Shape{h}),
            .o_norm = view_of(o_norm, Shape{values}),
            .batch = batch,
            .conv_state = view_of(conv_state, Shape{kSlots, w - 1, h * values}),
            .recurrent_state = view_of(state, Shape{kSlots, h, keys, values}),
            .y = view_of(y, Shape{rows, h, values})};
  }
};

void run(OpContext& op, const JetStep& args) {
  const Arena::Scope scratch(op.arena);
  jet_step(op.context, args, op.workspace(jet_step_workspace(op.context, args)));
}

void run_parts(OpContext& op, const JetStep& args) {
  const Arena::Scope scratch(op.arena);
  Context& context = op.context;
  const TensorView q = op.arena.tensor(args.q.shape), k = op.arena.tensor(args.k.shape);
  const TensorView g = op.arena.tensor(args.a.shape), beta = op.arena.tensor(args.a.shape);
  TensorView v = op.arena.tensor(args.u.shape);
  silu_l2_norm(context,
               {args.q, 1.0f / std::sqrt(static_cast<float>(args.q.shape[2])), args.l2_eps, q});
  silu_l2_norm(context, {args.k, 1.0f, args.l2_eps, k});
  dynamic_conv(context, {args.u, args.taps, args.batch, args.conv_state, v});
  v.shape = args.gate.shape;
  delta_gates(context, {args.a, args.b, args.a_log, args.dt_bias, g, beta});
  const GatedDeltaRule rule{q, k, v, g, beta, args.batch, args.recurrent_state, args.y};
  gated_delta_rule(context, rule, op.workspace(gated_delta_rule_workspace(context, rule)));
  gated_rms_norm(context, {args.y, args.gate, args.o_norm, args.norm_eps, args.y});
}

// New sequences, old ones, one without a row, one of padding; slots in no order.
OwnedBatch mixed_batch() {
  OwnedBatch batch({1, 1, 0, 1, 1, 1}, {0, 7, 3, 2, 0, 40});
  batch.slots = {3, 1, 0, 5, -1, 2};
  return batch;
}

TEST(JetStep, EqualsItsReferenceAndItsParts) {
  const OwnedBatch batch = mixed_batch();
  const int64_t rows = batch.view().tokens();
  for (const Sizes& sizes : {Sizes{1, 1, 1, 1}, Sizes{2, 3, 5, 2}, Sizes{3, 24, 64, 4},
                             Sizes{2, 96, 256, 4}, Sizes{2, 17, 70, 3}}) {
    const Step step(sizes, rows);
    std::vector<float> parts_conv = step.conv, parts_state = step.recurrent;
    std::vector<float> parts_y(step.gate.size());
    OpContext parts_op;
    run_parts(parts_op, step.args(batch.view(), parts_conv, parts_state, parts_y));
    for (const int threads : {1, 3}) {
      std::vector<float> conv = step.conv;
      Guarded state(Shape{kSlots, sizes.heads, sizes.keys, sizes.values});
      Guarded y(Shape{rows, sizes.heads, sizes.values});
      std::ranges::copy(step.recurrent, state.values().begin());
      OpContext op(threads);
      const JetStep args = step.args(batch.view(), conv, state.values(), y.values());
      const JetStepReference expected = jet_step_reference(args);
      run(op, args);
      y.check();
      state.check();
      // Sums over K and V of numbers of order 1, and the norm's division by what may be small.
      EXPECT_LT(testing::worst_error(y.values(), expected.y), 2e-5) << sizes.values;
      EXPECT_LT(testing::worst_error(state.values(), expected.recurrent_state), 4e-6);
      EXPECT_TRUE(same_bits(y.values(), parts_y)) << sizes.values;
      EXPECT_TRUE(same_bits(state.values(), parts_state)) << sizes.values;
      EXPECT_TRUE(same_bits(conv, parts_conv)) << sizes.values;
    }
  }
}

TEST(JetStep, RefusesWhatDoesNotFit) {
  const Step step({2, 3, 5, 4}, 2);
  std::vector<float> conv = step.conv, state = step.recurrent, y(step.gate.size());
  const auto error = [&](const OwnedBatch& batch, auto&& change) {
    OpContext op;
    JetStep args = step.args(batch.view(), conv, state, y);
    const auto workspace = op.workspace(jet_step_workspace(op.context, args));
    change(args);
    return testing::error_of([&] { jet_step(op.context, args, workspace); });
  };
  const OwnedBatch batch({1, 1}, {0, 3});
  EXPECT_EQ(error(batch, [](JetStep&) {}), "");
  EXPECT_EQ(error(OwnedBatch({2}, {3}), [](JetStep&) {}),
            "jet_step: a sequence of several rows, expected at most one");
  EXPECT_EQ(error(batch, [](JetStep& args) { args.o_norm.shape = Shape{4}; }),
            "jet_step: o_norm is f32 [4], expected f32 [5]");
  EXPECT_NE(error(batch, [](JetStep& args) { args.k.shape = Shape{2, 2, 4}; }), "");
  EXPECT_NE(error(batch, [](JetStep& args) { args.u.shape = Shape{2, 9}; }), "");
  EXPECT_NE(error(batch, [](JetStep& args) { args.conv_state.shape = Shape{5, 3, 10}; }), "");
  EXPECT_NE(error(batch, [](JetStep& args) { args.y.type = DType::F16; }), "");
  OwnedBatch bad = batch;
  bad.slots[1] = 6;
  EXPECT_EQ(error(bad, [](JetStep&) {}), "jet_step: sequence 1 has slot 6, the state has 6 slots");
}

}  // namespace
}  // namespace jet
