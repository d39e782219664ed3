// gated_rms_norm as the equation reads, in float64.
#include <cmath>

#include "ops/gated_rms_norm/kernels.h"

namespace jet {

std::vector<double> gated_rms_norm_reference(const GatedRmsNorm& args) {
  const int64_t width = args.x.shape.back();
  std::vector<double> y(static_cast<size_t>(args.x.shape.elements()));
  for (int64_t row = 0; row < args.x.rows(); ++row) {
    const float* x = args.x.f32() + row * width;
    const float* gate = args.gate.f32() + row * width;
    double squares = 0;
    for (int64_t i = 0; i < width; ++i) squares += double{x[i]} * x[i];
    const double norm = std::sqrt(squares / static_cast<double>(width) + double{args.eps});
    for (int64_t i = 0; i < width; ++i) {
      const double silu = gate[i] / (1 + std::exp(-double{gate[i]}));
      y[static_cast<size_t>(row * width + i)] = x[i] / norm * args.weight.f32()[i] * silu;
    }
  }
  return y;
}

}  // namespace jet
