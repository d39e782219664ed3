// silu as the equation reads, in float64.
#include <cmath>

#include "ops/silu/kernels.h"

namespace jet {

std::vector<double> silu_reference(const Silu& args) {
  std::vector<double> y(static_cast<size_t>(args.x.shape.elements()));
  for (size_t i = 0; i < y.size(); ++i) {
    const double x = args.x.f32()[i];
    y[i] = x / (1.0 + std::exp(-x));
  }
  return y;
}

}  // namespace jet
