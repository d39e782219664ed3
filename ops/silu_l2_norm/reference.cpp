// silu_l2_norm as the equation reads, in float64.
#include <cmath>

#include "ops/silu_l2_norm/kernels.h"

namespace jet {

std::vector<double> silu_l2_norm_reference(const SiluL2Norm& args) {
  const int64_t width = args.x.shape.back();
  std::vector<double> y(static_cast<size_t>(args.x.shape.elements()));
  for (int64_t row = 0; row < args.x.rows(); ++row) {
    const float* x = args.x.f32() + row * width;
    double* s = y.data() + row * width;
    double squares = 0;
    for (int64_t i = 0; i < width; ++i) {
      s[i] = x[i] / (1 + std::exp(-double{x[i]}));
      squares += s[i] * s[i];
    }
    for (int64_t i = 0; i < width; ++i)
      s[i] *= double{args.scale} / std::sqrt(squares + double{args.eps});
  }
  return y;
}

}  // namespace jet
