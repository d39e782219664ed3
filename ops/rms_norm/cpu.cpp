// rms_norm on the CPU: threads over rows, one order of summation per row, in float64: an error of
// the scale would be one of the whole row.
#include <cmath>

#include "ops/rms_norm/kernels.h"

namespace jet {

void rms_norm_cpu(Context& context, const RmsNorm& args) {
  const int64_t width = args.x.shape.back();
  const float* weight = args.weight.f32();
  context.threads.parallel_for(args.x.rows(), 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = args.x.f32() + row * width;
      float* y = args.y.f32() + row * width;
      double squares = 0;
      for (int64_t i = 0; i < width; ++i) squares += double{x[i]} * x[i];
      const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + double{args.eps});
      for (int64_t i = 0; i < width; ++i) y[i] = static_cast<float>(x[i] * scale * weight[i]);
    }
  });
}

}  // namespace jet
