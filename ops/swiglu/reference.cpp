// swiglu as the equation reads, in float64.
#include <cmath>

#include "ops/swiglu/kernels.h"

namespace jet {

std::vector<double> swiglu_reference(const SwiGlu& args) {
  std::vector<double> y;
  for (int64_t i = 0; i < args.gate.shape.elements(); ++i) {
    const double gate = args.gate.f32()[i];
    y.push_back(gate / (1 + std::exp(-gate)) * args.up.f32()[i]);
  }
  return y;
}

}  // namespace jet
