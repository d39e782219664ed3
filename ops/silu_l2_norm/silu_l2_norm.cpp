#include "ops/silu_l2_norm/silu_l2_norm.h"

#include "ops/expect.h"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {

void silu_l2_norm(Context& context, const SiluL2Norm& args) {
  expect_rank("silu_l2_norm", "x", args.x, DType::F32, 3);
  expect("silu_l2_norm", "y", args.y, DType::F32, args.x.shape);
  silu_l2_norm_cpu(context, args);
}

}  // namespace jet
