// The back ends of rope and its reference; called through rope.h, which has checked the shapes.
#pragma once

#include <vector>

#include "ops/rope/rope.h"

namespace jet {

void rope_cpu(Context& context, const Rope& args);
void rope_cuda(Context& context, const Rope& args);
std::vector<double> rope_reference(const Rope& args);  // the new x in float64; tests only

}  // namespace jet
