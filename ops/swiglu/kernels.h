// The back ends of swiglu and its reference; called through swiglu.h, which has checked the shapes.
#pragma once

#include <vector>

#include "ops/swiglu/swiglu.h"

namespace jet {

void swiglu_cpu(Context& context, const SwiGlu& args);
void swiglu_cuda(Context& context, const SwiGlu& args);
std::vector<double> swiglu_reference(const SwiGlu& args);  // y in float64; tests only

}  // namespace jet
