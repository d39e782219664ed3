// add_rms_norm on the CPU: threads over rows; a row stays in the first cache between its passes.
#include "ops/add_rms_norm/kernels.h"
#include "ops/row_norms.h"

namespace jet {
namespace {

constexpr int64_t kRows = 16;  // a share too small to be worth waking a thread

}  // namespace

void add_rms_norm_cpu(Context& context, const AddRmsNorm& args) {
  const int64_t width = args.x.shape[1];
  context.threads.parallel_for(args.x.shape[0], kRows, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      float* x = args.x.f32() + row * width;
      const float* y = args.y.f32() + row * width;
      for (int64_t i = 0; i < width; ++i) x[i] += y[i];
      rms_norm_row(x, args.weight.f32(), width, args.eps, args.normed.f32() + row * width);
    }
  });
}

}  // namespace jet
