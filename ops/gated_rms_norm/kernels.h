// The back ends of gated_rms_norm and its reference; called through gated_rms_norm.h, which has
// checked the shapes.
#pragma once

#include <vector>

#include "ops/gated_rms_norm/gated_rms_norm.h"

namespace jet {

void gated_rms_norm_cpu(Context& context, const GatedRmsNorm& args);
void gated_rms_norm_cuda(Context& context, const GatedRmsNorm& args);
std::vector<double> gated_rms_norm_reference(const GatedRmsNorm& args);  // y in float64; tests only

}  // namespace jet
