// swiglu: checks the arguments once and calls the back end.
#include "ops/swiglu/swiglu.h"

#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/swiglu/kernels.h"

namespace jet {

void swiglu(Context& context, const SwiGlu& args) {
  const DType numbers = expect_numbers(context, "swiglu", "gate", args.gate, 2);
  expect("swiglu", "up", args.up, numbers, args.gate.shape);
  expect("swiglu", "y", args.y, numbers, args.gate.shape);
  if (context.device != nullptr) return context.device->ops().swiglu(context, args);
  swiglu_cpu(context, args);
}

}  // namespace jet
