#include "ops/dynamic_conv/dynamic_conv.h"

#include "core/error.h"
#include "ops/dynamic_conv/kernels.h"
#include "ops/expect.h"

namespace jet {

void dynamic_conv(Context& context, const DynamicConv& args) {
  expect_rank("dynamic_conv", "u", args.u, DType::F32, 2);
  expect_rank("dynamic_conv", "taps", args.taps, DType::F32, 3);
  expect_rank("dynamic_conv", "state", args.state, DType::F32, 3);
  const int64_t tokens = args.u.shape[0], channels = args.u.shape[1];
  const int64_t width = args.taps.shape[2];
  if (width < 1) fail("dynamic_conv: {} taps, expected at least 1", width);
  expect("dynamic_conv", "taps", args.taps, DType::F32, Shape{tokens, channels, width});
  expect("dynamic_conv", "state", args.state, DType::F32,
         Shape{args.state.shape[0], width - 1, channels});
  expect("dynamic_conv", "y", args.y, DType::F32, args.u.shape);
  expect_batch("dynamic_conv", args.batch, tokens);
  expect_slots("dynamic_conv", args.batch, args.state.shape[0]);
  dynamic_conv_cpu(context, args);
}

}  // namespace jet
