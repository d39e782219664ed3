#include "ops/silu/silu.h"

#include "ops/expect.h"
#include "ops/silu/kernels.h"

namespace jet {

void silu(Context& context, const Silu& args) {
  expect("silu", "x", args.x, DType::F32, args.x.shape);
  expect("silu", "y", args.y, DType::F32, args.x.shape);
  silu_cpu(context, args);
}

}  // namespace jet
