#include "ops/add_rms_norm/add_rms_norm.h"

#include "ops/add_rms_norm/kernels.h"
#include "ops/device_ops.h"
#include "ops/expect.h"

namespace jet {

void add_rms_norm(Context& context, const AddRmsNorm& args) {
  expect_rank("add_rms_norm", "x", args.x, DType::F32, 2);
  expect("add_rms_norm", "weight", args.weight, DType::F32, Shape{args.x.shape[1]});
  const DType numbers = expect_numbers(context, "add_rms_norm", "y", args.y, 2);
  expect("add_rms_norm", "y", args.y, numbers, args.x.shape);
  expect("add_rms_norm", "normed", args.normed, numbers, args.x.shape);
  if (context.device != nullptr) return context.device->ops().add_rms_norm(context, args);
  add_rms_norm_cpu(context, args);
}

}  // namespace jet
