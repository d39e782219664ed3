#include "ops/gated_rms_norm/gated_rms_norm.h"

#include "ops/expect.h"
#include "ops/gated_rms_norm/kernels.h"

namespace jet {

void gated_rms_norm(Context& context, const GatedRmsNorm& args) {
  expect_rank("gated_rms_norm", "x", args.x, DType::F32, 3);
  const Shape& shape = args.x.shape;
  expect("gated_rms_norm", "gate", args.gate, DType::F32, shape);
  expect("gated_rms_norm", "weight", args.weight, DType::F32, Shape{shape.back()});
  expect("gated_rms_norm", "y", args.y, DType::F32, shape);
  gated_rms_norm_cpu(context, args);
}

}  // namespace jet
