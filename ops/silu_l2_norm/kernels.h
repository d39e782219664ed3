// The back ends of silu_l2_norm and its reference; called through silu_l2_norm.h, which has checked
// the shapes.
#pragma once

#include <vector>

#include "ops/silu_l2_norm/silu_l2_norm.h"

namespace jet {

void silu_l2_norm_cpu(Context& context, const SiluL2Norm& args);
void silu_l2_norm_cuda(Context& context, const SiluL2Norm& args);
std::vector<double> silu_l2_norm_reference(const SiluL2Norm& args);  // y in float64; tests only

}  // namespace jet
