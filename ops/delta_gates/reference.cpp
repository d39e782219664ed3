// delta_gates as the equations read, in float64.
#include <cmath>

#include "ops/delta_gates/kernels.h"

namespace jet {

DeltaGatesReference delta_gates_reference(const DeltaGates& args) {
  const int64_t heads = args.a.shape[1];
  DeltaGatesReference reference;
  for (int64_t i = 0; i < args.a.shape.elements(); ++i) {
    const int64_t h = i % heads;
    const double x = double{args.a.f32()[i]} + args.dt_bias.f32()[h];
    const double softplus = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    reference.g.push_back(-std::exp(double{args.a_log.f32()[h]}) * softplus);
    reference.beta.push_back(1 / (1 + std::exp(-double{args.b.f32()[i]})));
  }
  return reference;
}

}  // namespace jet
