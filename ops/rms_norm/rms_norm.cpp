#include "ops/rms_norm/rms_norm.h"

#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/rms_norm/kernels.h"

namespace jet {

void rms_norm(Context& context, const RmsNorm& args) {
  if (args.x.shape.rank() == 0) expect_rank("rms_norm", "x", args.x, DType::F32, 2);
  expect_numbers(context, "rms_norm", "x", args.x, args.x.shape.rank());
  expect("rms_norm", "weight", args.weight, DType::F32, Shape{args.x.shape.back()});
  const DType result = expect_numbers(context, "rms_norm", "y", args.y, args.x.shape.rank());
  expect("rms_norm", "y", args.y, result, args.x.shape);
  if (context.device != nullptr) return context.device->ops().rms_norm(context, args);
  rms_norm_cpu(context, args);
}

}  // namespace jet
