// add on the CPU: threads over the numbers; the compiler vectorises the loop.
#include "ops/add/kernels.h"

namespace jet {
namespace {

constexpr int64_t kGrain = 16384;  // numbers: fewer are not worth waking a thread

}  // namespace

void add_cpu(Context& context, const Add& args) {
  float* x = args.x.f32();
  const float* y = args.y.f32();
  const auto sum = [=](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) x[i] += y[i];
  };
  context.threads.parallel_for(args.x.shape.elements(), kGrain, sum);
}

}  // namespace jet
