// The back ends of dynamic_conv and its reference; called through dynamic_conv.h, which has checked
// the shapes.
#pragma once

#include <vector>

#include "ops/dynamic_conv/dynamic_conv.h"

namespace jet {

void dynamic_conv_cpu(Context& context, const DynamicConv& args);
void dynamic_conv_cuda(Context& context, const DynamicConv& args);
// y in float64 from the state before the step, which it does not change; tests only
std::vector<double> dynamic_conv_reference(const DynamicConv& args);

}  // namespace jet
