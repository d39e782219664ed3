// The back ends of linear and its reference; called through linear.h, which has checked the shapes.
#pragma once

#include <vector>

#include "ops/linear/linear.h"

namespace jet {

int64_t linear_workspace_cpu(const Context& context, const LinearGroup& args);
void linear_cpu(Context& context, const LinearGroup& args, std::span<std::byte> workspace);

int64_t linear_cuda_workspace(const Context& context, const LinearGroup& args);
void linear_cuda(Context& context, const LinearGroup& args, std::span<std::byte> workspace);

std::vector<double> linear_reference(const Linear& args);  // y in float64; tests only

}  // namespace jet
