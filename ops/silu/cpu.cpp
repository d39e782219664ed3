// silu on the CPU: threads over the numbers.
#include "ops/activations.h"
#include "ops/silu/kernels.h"

namespace jet {
namespace {

constexpr int64_t kGrain = 8192;  // numbers: fewer are not worth waking a thread

}  // namespace

void silu_cpu(Context& context, const Silu& args) {
  const float* x = args.x.f32();
  float* y = args.y.f32();
  const auto run = [=](int64_t begin, int64_t end, int) {
    silu(x + begin, end - begin, y + begin);
  };
  context.threads.parallel_for(args.x.shape.elements(), kGrain, run);
}

}  // namespace jet
