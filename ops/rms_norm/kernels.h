// The back ends of rms_norm and its reference; called through rms_norm.h, which has checked the
// shapes.
#pragma once

#include <vector>

#include "ops/rms_norm/rms_norm.h"

namespace jet {

void rms_norm_cpu(Context& context, const RmsNorm& args);
void rms_norm_cuda(Context& context, const RmsNorm& args);
std::vector<double> rms_norm_reference(const RmsNorm& args);  // y in float64; tests only

}  // namespace jet
