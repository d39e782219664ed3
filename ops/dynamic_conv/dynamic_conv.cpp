#include "ops/dynamic_conv/dynamic_conv.h"

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/dynamic_conv/kernels.h"
#include "ops/expect.h"

namespace jet {

void dynamic_conv(Context& context, const DynamicConv& args) {
  const DType numbers = expect_numbers(context, "dynamic_conv", "u", args.u, 2);
  expect_rank("dynamic_conv", "taps", args.taps, numbers, 3);
  const DType kept = expect_numbers(context, "dynamic_conv", "state", args.state, 3);
  const int64_t tokens = args.u.shape[0], channels = args.u.shape[1];
  const int64_t width = args.taps.shape[2];
  if (width < 1 || width > kMostTaps)
    fail("dynamic_conv: {} taps, expected 1 to {}", width, kMostTaps);
  expect("dynamic_conv", "taps", args.taps, numbers, Shape{tokens, channels, width});
  expect("dynamic_conv", "state", args.state, kept,
         Shape{args.state.shape[0], width - 1, channels});
  expect("dynamic_conv", "y", args.y, numbers, args.u.shape);
  expect_batch("dynamic_conv", args.batch, tokens);
  expect_slots("dynamic_conv", args.batch, args.state.shape[0]);
  if (context.device != nullptr) return context.device->ops().dynamic_conv(context, args);
  dynamic_conv_cpu(context, args);
}

}  // namespace jet
