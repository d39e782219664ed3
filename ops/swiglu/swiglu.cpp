// swiglu: checks the arguments once and calls the back end.
#include "ops/swiglu/swiglu.h"

#include "ops/expect.h"
#include "ops/swiglu/kernels.h"

namespace jet {

void swiglu(Context& context, const SwiGlu& args) {
  expect_rank("swiglu", "gate", args.gate, DType::F32, 2);
  expect("swiglu", "up", args.up, DType::F32, args.gate.shape);
  expect("swiglu", "y", args.y, DType::F32, args.gate.shape);
  swiglu_cpu(context, args);
}

}  // namespace jet
