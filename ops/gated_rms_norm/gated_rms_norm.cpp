#include "ops/gated_rms_norm/gated_rms_norm.h"

#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/gated_rms_norm/kernels.h"

namespace jet {

void gated_rms_norm(Context& context, const GatedRmsNorm& args) {
  const DType numbers = expect_numbers(context, "gated_rms_norm", "x", args.x, 3);
  const Shape& shape = args.x.shape;
  expect("gated_rms_norm", "gate", args.gate, numbers, shape);
  expect("gated_rms_norm", "weight", args.weight, DType::F32, Shape{shape.back()});
  expect("gated_rms_norm", "y", args.y, numbers, shape);
  if (context.device != nullptr) return context.device->ops().gated_rms_norm(context, args);
  gated_rms_norm_cpu(context, args);
}

}  // namespace jet
