// silu_l2_norm on the CPU: threads over heads of rows.
#include "ops/row_norms.h"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {
namespace {

constexpr int64_t kRows = 16;  // a share too small to be worth waking a thread

}  // namespace

void silu_l2_norm_cpu(Context& context, const SiluL2Norm& args) {
  const int64_t width = args.x.shape.back();
  context.threads.parallel_for(args.x.rows(), kRows, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      silu_l2_norm_row(args.x.f32() + row * width, width, args.scale, args.eps,
                       args.y.f32() + row * width);
    }
  });
}

}  // namespace jet
