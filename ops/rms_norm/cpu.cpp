// rms_norm on the CPU: threads over rows, one order of summation per row.
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
      float squares = 0;
      for (int64_t i = 0; i < width; ++i) squares += x[i] * x[i];
      const float scale = 1.0f / std::sqrt(squares / static_cast<float>(width) + args.eps);
      for (int64_t i = 0; i < width; ++i) y[i] = x[i] * scale * weight[i];
    }
  });
}

}  // namespace jet
