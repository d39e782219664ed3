// The back ends of attention and its reference; called through attention.h, which has checked the
// shapes.
#pragma once

#include <vector>

#include "ops/attention/attention.h"

namespace jet {

int64_t attention_cpu_workspace(const Context& context, const Attention& args);
void attention_cpu(Context& context, const Attention& args, std::span<std::byte> workspace);

int64_t attention_cuda_workspace(const Context& context, const Attention& args);
void attention_cuda(Context& context, const Attention& args, std::span<std::byte> workspace);
std::vector<double> attention_reference(const Attention& args);  // y in float64; tests only

}  // namespace jet
