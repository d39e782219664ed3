// linear: checks the arguments once and calls the back end.
#include "ops/linear/linear.h"

#include "core/error.h"
#include "ops/expect.h"
#include "ops/linear/kernels.h"

namespace jet {

int64_t linear_workspace(const Context& context, const Weight& weight) {
  expect_weight("linear", "weight", weight);
  return linear_workspace_cpu(context, weight);
}

void linear(Context& context, const Linear& args, std::span<std::byte> workspace) {
  const int64_t needed = linear_workspace(context, args.weight);
  expect_rank("linear", "x", args.x, DType::F32, 2);
  const int64_t tokens = args.x.shape[0];
  expect("linear", "x", args.x, DType::F32, Shape{tokens, args.weight.in()});
  expect("linear", "y", args.y, DType::F32, Shape{tokens, args.weight.out()});
  if (args.bias.data != nullptr)
    expect("linear", "bias", args.bias, DType::F32, Shape{args.weight.out()});
  if (static_cast<int64_t>(workspace.size()) < needed)
    fail("linear: the workspace has {} bytes, expected at least {}", workspace.size(), needed);
  linear_cpu(context, args, workspace);
}

}  // namespace jet
