// The back ends of silu and its reference; called through silu.h, which has checked the shapes.
#pragma once

#include <vector>

#include "ops/silu/silu.h"

namespace jet {

void silu_cpu(Context& context, const Silu& args);
void silu_cuda(Context& context, const Silu& args);
std::vector<double> silu_reference(const Silu& args);  // y in float64; tests only

}  // namespace jet
