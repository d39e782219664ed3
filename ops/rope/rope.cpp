// rope: checks the arguments once and calls the back end.
#include "ops/rope/rope.h"

#include <cmath>

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/rope/kernels.h"

namespace jet {

Tensor rope_frequencies(int64_t head_dim, double theta) {
  if (head_dim <= 0 || head_dim % 2 != 0)
    fail("rope: the head width is {}, expected a positive even number", head_dim);
  if (!(theta > 0) || std::isinf(theta)) fail("rope: theta is {}, expected above 0", theta);
  Tensor frequencies(DType::F32, Shape{head_dim / 2});
  for (int64_t i = 0; i < head_dim / 2; ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(head_dim);
    frequencies.mutable_view().f32()[i] = static_cast<float>(std::pow(theta, exponent));
  }
  return frequencies;
}

void rope(Context& context, const Rope& args) {
  expect_numbers(context, "rope", "x", args.x, 3);
  if (args.x.shape.back() % 2 != 0)
    fail("rope: x is {}, expected an even last dimension", to_string(args.x.shape));
  expect("rope", "frequencies", args.frequencies, DType::F32, Shape{args.x.shape.back() / 2});
  expect_batch("rope", args.batch, args.x.shape[0]);
  if (context.device != nullptr) return context.device->ops().rope(context, args);
  rope_cpu(context, args);
}

}  // namespace jet
