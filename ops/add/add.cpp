// add: checks the arguments once and calls the back end.
#include "ops/add/add.h"

#include "ops/add/kernels.h"
#include "ops/device_ops.h"
#include "ops/expect.h"

namespace jet {

void add(Context& context, const Add& args) {
  expect("add", "x", args.x, DType::F32, args.x.shape);
  const DType numbers = expect_numbers(context, "add", "y", args.y, args.x.shape.rank());
  expect("add", "y", args.y, numbers, args.x.shape);
  if (context.device != nullptr) return context.device->ops().add(context, args);
  add_cpu(context, args);
}

}  // namespace jet
