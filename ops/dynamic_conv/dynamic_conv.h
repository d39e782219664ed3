// Dynamic causal convolution of the JetBlock, with SiLU: each token brings its own taps for every
// channel.
//   y[t, c] = silu( sum_{i < W} taps[t, c, i] * u[t - (W - 1) + i, c] )
#pragma once

#include "core/context.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

constexpr int64_t kMostTaps = 256;

struct DynamicConv {
  ConstTensorView u;     // [T, C] float32
  ConstTensorView taps;  // [T, C, W] float32, tap index fastest; the last tap meets the token
                         // itself; W <= kMostTaps
  BatchView batch;
  TensorView state;  // [slots, W - 1, C] float32: the last rows of u before the step, oldest first;
                     // updated
  TensorView y;      // [T, C] float32; must not alias u
};

// Before a sequence's first row u is zero: a sequence with past = 0 ignores what its slot holds.
// Rows of padding sequences see zeros and update nothing. W = 1 has a state of no rows. Throws
// Error on shapes or types that do not fit. 2 T C W flops; reads the taps once: 4 T C W bytes.
void dynamic_conv(Context& context, const DynamicConv& args);

}  // namespace jet
