// silu on the CPU: threads over the numbers.
#include <cmath>

#include "ops/silu/kernels.h"

namespace jet {

void silu_cpu(Context& context, const Silu& args) {
  constexpr int64_t kGrain = 1024;
  const float* x = args.x.f32();
  float* y = args.y.f32();
  context.threads.parallel_for(args.x.shape.elements(), kGrain,
                               [&](int64_t begin, int64_t end, int) {
                                 for (int64_t i = begin; i < end; ++i)
                                   y[i] = x[i] / (1.0f + std::exp(-x[i]));
                               });
}

}  // namespace jet
