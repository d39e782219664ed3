// The back ends of delta_gates and its reference; called through delta_gates.h, which has checked
// the shapes.
#pragma once

#include <vector>

#include "ops/delta_gates/delta_gates.h"

namespace jet {

void delta_gates_cpu(Context& context, const DeltaGates& args);
void delta_gates_cuda(Context& context, const DeltaGates& args);

struct DeltaGatesReference {
  std::vector<double> g, beta;
};
DeltaGatesReference delta_gates_reference(const DeltaGates& args);  // in float64; tests only

}  // namespace jet
