// The back ends of swiglu_linear; called through swiglu_linear.h, which has checked the shapes.
#pragma once

#include "ops/swiglu_linear/swiglu_linear.h"

namespace jet {

int64_t swiglu_linear_cpu_workspace(const Context& context, const SwiGluLinear& args);
void swiglu_linear_cpu(Context& context, const SwiGluLinear& args, std::span<std::byte> workspace);
int64_t swiglu_linear_cuda_workspace(const Context& context, const SwiGluLinear& args);
void swiglu_linear_cuda(Context& context, const SwiGluLinear& args, std::span<std::byte> workspace);

}  // namespace jet
