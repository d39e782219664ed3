#include "ops/rms_norm/rms_norm.h"

#include "ops/expect.h"
#include "ops/rms_norm/kernels.h"

namespace jet {

void rms_norm(Context& context, const RmsNorm& args) {
  if (args.x.shape.rank() == 0) expect_rank("rms_norm", "x", args.x, DType::F32, 2);
  expect("rms_norm", "x", args.x, DType::F32, args.x.shape);
  expect("rms_norm", "weight", args.weight, DType::F32, Shape{args.x.shape.back()});
  expect("rms_norm", "y", args.y, DType::F32, args.x.shape);
  rms_norm_cpu(context, args);
}

}  // namespace jet
