#include "ops/silu/silu.h"

#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/silu/kernels.h"

namespace jet {

void silu(Context& context, const Silu& args) {
  const DType numbers = expect_numbers(context, "silu", "x", args.x, args.x.shape.rank());
  expect("silu", "y", args.y, numbers, args.x.shape);
  if (context.device != nullptr) return context.device->ops().silu(context, args);
  silu_cpu(context, args);
}

}  // namespace jet
