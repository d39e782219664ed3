#include "ops/delta_gates/delta_gates.h"

#include "ops/delta_gates/kernels.h"
#include "ops/device_ops.h"
#include "ops/expect.h"

namespace jet {

void delta_gates(Context& context, const DeltaGates& args) {
  const DType numbers = expect_numbers(context, "delta_gates", "a", args.a, 2);
  const Shape& shape = args.a.shape;
  expect("delta_gates", "b", args.b, numbers, shape);
  expect("delta_gates", "a_log", args.a_log, DType::F32, Shape{shape[1]});
  expect("delta_gates", "dt_bias", args.dt_bias, DType::F32, Shape{shape[1]});
  expect("delta_gates", "g", args.g, DType::F32, shape);
  expect("delta_gates", "beta", args.beta, DType::F32, shape);
  if (context.device != nullptr) return context.device->ops().delta_gates(context, args);
  delta_gates_cpu(context, args);
}

}  // namespace jet
