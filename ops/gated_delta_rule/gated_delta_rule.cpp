#include "ops/gated_delta_rule/gated_delta_rule.h"

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/gated_delta_rule/kernels.h"

namespace jet {

int64_t gated_delta_rule_workspace(const Context& context, const GatedDeltaRule& args) {
  expect_numbers(context, "gated_delta_rule", "q", args.q, 3);
  if (context.device != nullptr)
    return context.device->ops().gated_delta_rule_workspace(context, args);
  return gated_delta_rule_cpu_workspace(context, args);
}

void gated_delta_rule(Context& context, const GatedDeltaRule& args,
                      std::span<std::byte> workspace) {
  const DType numbers = expect_numbers(context, "gated_delta_rule", "q", args.q, 3);
  expect_rank("gated_delta_rule", "v", args.v, numbers, 3);
  const DType kept_state = expect_state(context, "gated_delta_rule", "state", args.state);
  const int64_t tokens = args.q.shape[0], heads = args.q.shape[1], keys = args.q.shape[2];
  const int64_t values = args.v.shape[2];
  expect("gated_delta_rule", "k", args.k, numbers, args.q.shape);
  expect("gated_delta_rule", "v", args.v, numbers, Shape{tokens, heads, values});
  expect("gated_delta_rule", "g", args.g, DType::F32, Shape{tokens, heads});
  expect("gated_delta_rule", "beta", args.beta, DType::F32, Shape{tokens, heads});
  expect("gated_delta_rule", "state", args.state, kept_state,
         Shape{args.state.shape[0], heads, keys, values});
  expect("gated_delta_rule", "y", args.y, numbers, args.v.shape);
  expect_batch("gated_delta_rule", args.batch, tokens);
  expect_slots("gated_delta_rule", args.batch, args.state.shape[0]);
  expect_workspace("gated_delta_rule", workspace, gated_delta_rule_workspace(context, args));
  if (context.device != nullptr)
    return context.device->ops().gated_delta_rule(context, args, workspace);
  gated_delta_rule_cpu(context, args, workspace);
}

}  // namespace jet
