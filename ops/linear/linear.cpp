// linear: checks the arguments once and calls the back end.
#include "ops/linear/linear.h"

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/linear/kernels.h"
#include "ops/silu/silu.h"

namespace jet {
namespace {

void expect_group(const Context& context, const LinearGroup& args) {
  if (args.parts.empty()) fail("linear: a group of no parts, expected at least one");
  const DType numbers = expect_numbers(context, "linear", "x", args.x, 2);
  const int64_t tokens = args.x.shape[0];
  for (const LinearPart& part : args.parts) {
    expect_weight("linear", "weight", part.weight);
    expect("linear", "x", args.x, numbers, Shape{tokens, part.weight.in()});
    const DType result = expect_numbers(context, "linear", "y", part.y, 2);
    expect("linear", "y", part.y, result, Shape{tokens, part.weight.out()});
    if (part.bias.data != nullptr)
      expect("linear", "bias", part.bias, result, Shape{part.weight.out()});
  }
}

}  // namespace

int64_t linear_workspace(const Context& context, const LinearGroup& args) {
  expect_group(context, args);
  if (context.device != nullptr) return context.device->ops().linear_workspace(context, args);
  return linear_workspace_cpu(context, args);
}

int64_t linear_workspace(const Context& context, const Linear& args) {
  const LinearPart part{args.weight, args.bias, args.y};
  return linear_workspace(context, LinearGroup{args.x, {&part, 1}});
}

void linear(Context& context, const LinearGroup& args, std::span<std::byte> workspace) {
  expect_workspace("linear", workspace, linear_workspace(context, args));
  if (context.device != nullptr) return context.device->ops().linear(context, args, workspace);
  linear_cpu(context, args, workspace);
  for (const LinearPart& part : args.parts) {
    if (part.activation == Activation::Silu) silu(context, {part.y, part.y});
  }
}

void linear(Context& context, const Linear& args, std::span<std::byte> workspace) {
  const LinearPart part{args.weight, args.bias, args.y};
  linear(context, LinearGroup{args.x, {&part, 1}}, workspace);
}

}  // namespace jet
