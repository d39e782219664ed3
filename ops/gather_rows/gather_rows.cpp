#include "ops/gather_rows/gather_rows.h"

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/gather_rows/kernels.h"

namespace jet {

void gather_rows(Context& context, const GatherRows& args) {
  expect_rank("gather_rows", "x", args.x, DType::F32, 2);
  const Shape shape{static_cast<int64_t>(args.rows.size()), args.x.shape[1]};
  expect("gather_rows", "y", args.y, DType::F32, shape);
  for (const int32_t row : args.rows) {
    if (row < 0 || row >= args.x.shape[0])
      fail("gather_rows: row {} of a matrix of {} rows", row, args.x.shape[0]);
  }
  if (context.device != nullptr) return context.device->ops().gather_rows(context, args);
  gather_rows_cpu(context, args);
}

}  // namespace jet
