#include "ops/jet_step/jet_step.h"

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/expect.h"
#include "ops/jet_step/kernels.h"

namespace jet {

bool is_decoding(const BatchView& batch) {
  for (size_t n = 0; n < batch.slots.size(); ++n) {
    if (batch.offsets[n + 1] - batch.offsets[n] > 1) return false;
  }
  return true;
}

int64_t jet_step_workspace(const Context& context, const JetStep& args) {
  expect_numbers(context, "jet_step", "q", args.q, 3);
  if (context.device != nullptr) return context.device->ops().jet_step_workspace(context, args);
  return jet_step_cpu_workspace(context, args);
}

void jet_step(Context& context, const JetStep& args, std::span<std::byte> workspace) {
  const DType numbers = expect_numbers(context, "jet_step", "q", args.q, 3);
  expect_rank("jet_step", "gate", args.gate, numbers, 3);
  expect_rank("jet_step", "taps", args.taps, numbers, 3);
  const DType kept = expect_numbers(context, "jet_step", "conv_state", args.conv_state, 3);
  const DType kept_state =
      expect_state(context, "jet_step", "recurrent_state", args.recurrent_state);
  const int64_t tokens = args.q.shape[0], heads = args.q.shape[1], keys = args.q.shape[2];
  const int64_t values = args.gate.shape[2], width = args.taps.shape[2];
  const int64_t slots = args.recurrent_state.shape[0];
  if (width < 1 || width > kMostTaps) fail("jet_step: {} taps, expected 1 to {}", width, kMostTaps);
  const auto check = [&](std::string_view field, const ConstTensorView& tensor,
                         const Shape& shape) { expect("jet_step", field, tensor, numbers, shape); };
  check("k", args.k, args.q.shape);
  check("u", args.u, Shape{tokens, heads * values});
  check("taps", args.taps, Shape{tokens, heads * values, width});
  check("a", args.a, Shape{tokens, heads});
  check("b", args.b, Shape{tokens, heads});
  check("gate", args.gate, Shape{tokens, heads, values});
  expect("jet_step", "a_log", args.a_log, DType::F32, Shape{heads});
  expect("jet_step", "dt_bias", args.dt_bias, DType::F32, Shape{heads});
  expect("jet_step", "o_norm", args.o_norm, DType::F32, Shape{values});
  expect("jet_step", "conv_state", args.conv_state, kept, Shape{slots, width - 1, heads * values});
  expect("jet_step", "recurrent_state", args.recurrent_state, kept_state,
         Shape{slots, heads, keys, values});
  check("y", args.y, args.gate.shape);
  expect_batch("jet_step", args.batch, tokens);
  expect_slots("jet_step", args.batch, slots);
  if (!is_decoding(args.batch)) fail("jet_step: a sequence of several rows, expected at most one");
  expect_workspace("jet_step", workspace, jet_step_workspace(context, args));
  if (context.device != nullptr) return context.device->ops().jet_step(context, args, workspace);
  jet_step_cpu(context, args, workspace);
}

}  // namespace jet
