// swiglu_linear on the CPU: both products as one split over the threads, then swiglu.
#include "ops/linear/linear.h"
#include "ops/swiglu/swiglu.h"
#include "ops/swiglu_linear/kernels.h"

namespace jet {
namespace {

constexpr int64_t kAlignment = 64;

// Wu x lies at the head of the workspace, that of linear behind it.
TensorView up_of(const SwiGluLinear& args, std::span<std::byte> workspace) {
  return {workspace.data(), args.y.type, args.y.shape};
}
int64_t up_bytes(const SwiGluLinear& args) {
  return (up_of(args, {}).bytes() + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

int64_t swiglu_linear_cpu_workspace(const Context& context, const SwiGluLinear& args) {
  const LinearPart parts[] = {{args.gate, {}, args.y}, {args.up, {}, up_of(args, {})}};
  return up_bytes(args) + linear_workspace(context, LinearGroup{args.x, parts});
}

void swiglu_linear_cpu(Context& context, const SwiGluLinear& args, std::span<std::byte> workspace) {
  const TensorView up = up_of(args, workspace);
  const LinearPart parts[] = {{args.gate, {}, args.y}, {args.up, {}, up}};
  linear(context, LinearGroup{args.x, parts},
         workspace.subspan(static_cast<size_t>(up_bytes(args))));
  swiglu(context, {args.y, up, args.y});
}

}  // namespace jet
