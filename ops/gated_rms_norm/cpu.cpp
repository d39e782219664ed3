// gated_rms_norm on the CPU: threads over heads of rows.
#include "ops/gated_rms_norm/kernels.h"
#include "ops/row_norms.h"

namespace jet {
namespace {

constexpr int64_t kRows = 16;  // a share too small to be worth waking a thread

}  // namespace

void gated_rms_norm_cpu(Context& context, const GatedRmsNorm& args) {
  const int64_t width = args.x.shape.back();
  context.threads.parallel_for(args.x.rows(), kRows, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      gated_rms_norm_row(args.x.f32() + row * width, args.gate.f32() + row * width,
                         args.weight.f32(), width, args.eps, args.y.f32() + row * width);
    }
  });
}

}  // namespace jet
