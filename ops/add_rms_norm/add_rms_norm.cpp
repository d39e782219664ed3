#include "ops/add_rms_norm/add_rms_norm.h"

#include "ops/add/add.h"
#include "ops/add_rms_norm/kernels.h"
#include "ops/expect.h"
#include "ops/rms_norm/rms_norm.h"

namespace jet {

void add_rms_norm(Context& context, const AddRmsNorm& args) {
  expect_rank("add_rms_norm", "x", args.x, DType::F32, 2);
  expect("add_rms_norm", "weight", args.weight, DType::F32, Shape{args.x.shape[1]});
  if (context.device != nullptr) {
    add(context, {args.x, args.y});
    return rms_norm(context, {args.x, args.weight, args.eps, args.normed});
  }
  expect("add_rms_norm", "y", args.y, DType::F32, args.x.shape);
  expect("add_rms_norm", "normed", args.normed, DType::F32, args.x.shape);
  add_rms_norm_cpu(context, args);
}

}  // namespace jet
