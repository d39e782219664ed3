// silu_l2_norm on the CPU: threads over heads of rows, one order of summation in each.
#include <cmath>

#include "ops/activations.h"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {
namespace {

constexpr int64_t kRows = 16;  // a share too small to be worth waking a thread

}  // namespace

void silu_l2_norm_cpu(Context& context, const SiluL2Norm& args) {
  const int64_t width = args.x.shape.back();
  context.threads.parallel_for(args.x.rows(), kRows, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = args.x.f32() + row * width;
      float* y = args.y.f32() + row * width;
      silu(x, width, y);
      double squares = 0;
      for (int64_t i = 0; i < width; ++i) squares += double{y[i]} * y[i];
      const double scale = double{args.scale} / std::sqrt(squares + double{args.eps});
      for (int64_t i = 0; i < width; ++i) y[i] = static_cast<float>(y[i] * scale);
    }
  });
}

}  // namespace jet
