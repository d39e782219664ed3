// The back ends of add and its reference; called through add.h, which has checked the shapes.
#pragma once

#include <vector>

#include "ops/add/add.h"

namespace jet {

void add_cpu(Context& context, const Add& args);
void add_cuda(Context& context, const Add& args);
std::vector<double> add_reference(const Add& args);  // the new x in float64; tests only

}  // namespace jet
