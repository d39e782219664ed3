#include "ops/silu_l2_norm/silu_l2_norm.h"

#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {

void silu_l2_norm(Context& context, const SiluL2Norm& args) {
  const DType numbers = expect_numbers(context, "silu_l2_norm", "x", args.x, 3);
  expect("silu_l2_norm", "y", args.y, numbers, args.x.shape);
  if (context.device != nullptr) return context.device->ops().silu_l2_norm(context, args);
  silu_l2_norm_cpu(context, args);
}

}  // namespace jet
