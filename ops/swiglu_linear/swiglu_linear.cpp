// swiglu_linear: checks the arguments once and calls the back end.
#include "ops/swiglu_linear/swiglu_linear.h"

#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/swiglu_linear/kernels.h"

namespace jet {
namespace {

void expect_args(const Context& context, const SwiGluLinear& args) {
  const DType numbers = expect_numbers(context, "swiglu_linear", "x", args.x, 2);
  expect_weight("swiglu_linear", "gate", args.gate);
  expect_weight("swiglu_linear", "up", args.up);
  expect("swiglu_linear", "up", args.up.tensor.view(), args.up.type(), args.gate.tensor.shape());
  const int64_t tokens = args.x.shape[0];
  expect("swiglu_linear", "x", args.x, numbers, Shape{tokens, args.gate.in()});
  expect("swiglu_linear", "y", args.y, numbers, Shape{tokens, args.gate.out()});
}

}  // namespace

int64_t swiglu_linear_workspace(const Context& context, const SwiGluLinear& args) {
  expect_args(context, args);
  if (context.device != nullptr)
    return context.device->ops().swiglu_linear_workspace(context, args);
  return swiglu_linear_cpu_workspace(context, args);
}

void swiglu_linear(Context& context, const SwiGluLinear& args, std::span<std::byte> workspace) {
  expect_workspace("swiglu_linear", workspace, swiglu_linear_workspace(context, args));
  if (context.device != nullptr)
    return context.device->ops().swiglu_linear(context, args, workspace);
  swiglu_linear_cpu(context, args, workspace);
}

}  // namespace jet
