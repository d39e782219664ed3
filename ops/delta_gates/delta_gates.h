// Decay and write strength of the gated delta rule: g = -exp(A_log) softplus(a + dt_bias), beta =
// sigmoid(b).
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct DeltaGates {
  ConstTensorView a;        // [T, H] float32
  ConstTensorView b;        // [T, H] float32
  ConstTensorView a_log;    // [H] float32
  ConstTensorView dt_bias;  // [H] float32
  TensorView g;             // [T, H] float32, log of the decay, <= 0
  TensorView beta;          // [T, H] float32, in [0, 1]
};

// Throws Error on shapes or types that do not fit.
void delta_gates(Context& context, const DeltaGates& args);

}  // namespace jet
