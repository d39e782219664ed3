#include "ops/jet_step/jet_step.h"

#include "core/error.h"
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/expect.h"
#include "ops/jet_step/kernels.h"

namespace jet {

namespace {

bool is_decoding(const BatchView& batch) {
  for (size_t n = 0; n < batch.slots.size(); ++n) {
    if (batch.offsets[n + 1] - batch.offsets[n] > 1) return false;
  }
  return true;
}

}  // namespace

bool can_jet_step(const Context& context, const BatchView& batch) {
  return context.device == nullptr && is_decoding(batch);
}

int64_t jet_step_workspace(const Context& context, const JetStep& args) {
  expect_rank("jet_step", "q", args.q, DType::F32, 3);
  return jet_step_cpu_workspace(context, args);
}

void jet_step(Context& context, const JetStep& args, std::span<std::byte> workspace) {
  expect_rank("jet_step", "q", args.q, DType::F32, 3);
  expect_rank("jet_step", "gate", args.gate, DType::F32, 3);
  expect_rank("jet_step", "taps", args.taps, DType::F32, 3);
  expect_rank("jet_step", "conv_state", args.conv_state, DType::F32, 3);
  expect_rank("jet_step", "recurrent_state", args.recurrent_state, DType::F32, 4);
  const int64_t tokens = args.q.shape[0], heads = args.q.shape[1], keys = args.q.shape[2];
  const int64_t values = args.gate.shape[2], width = args.taps.shape[2];
  const int64_t slots = args.recurrent_state.shape[0];
  if (width < 1 || width > kMostTaps) fail("jet_step: {} taps, expected 1 to {}", width, kMostTaps);
  const auto check = [&](std::string_view field, const ConstTensorView& tensor,
                         const Shape& shape) {
    expect("jet_step", field, tensor, DType::F32, shape);
  };
  check("k", args.k, args.q.shape);
  check("u", args.u, Shape{tokens, heads * values});
  check("taps", args.taps, Shape{tokens, heads * values, width});
  check("a", args.a, Shape{tokens, heads});
  check("b", args.b, Shape{tokens, heads});
  check("gate", args.gate, Shape{tokens, heads, values});
  check("a_log", args.a_log, Shape{heads});
  check("dt_bias", args.dt_bias, Shape{heads});
  check("o_norm", args.o_norm, Shape{values});
  check("conv_state", args.conv_state, Shape{slots, width - 1, heads * values});
  check("recurrent_state", args.recurrent_state, Shape{slots, heads, keys, values});
  check("y", args.y, args.gate.shape);
  expect_batch("jet_step", args.batch, tokens);
  expect_slots("jet_step", args.batch, slots);
  if (!is_decoding(args.batch)) fail("jet_step: a sequence of several rows, expected at most one");
  expect_workspace("jet_step", workspace, jet_step_workspace(context, args));
  jet_step_cpu(context, args, workspace);
}

}  // namespace jet
