// Output norm of the JetBlock: y = rms_norm(x, weight, eps) * silu(gate), each head on its own.
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct GatedRmsNorm {
  ConstTensorView x;       // [T, H, V] float32
  ConstTensorView gate;    // [T, H, V] float32
  ConstTensorView weight;  // [V] float32
  float eps = 1e-5f;
  TensorView y;  // [T, H, V] float32; may alias x or gate
};

// Throws Error on shapes or types that do not fit. Reads 8 T H V, writes 4 T H V bytes.
void gated_rms_norm(Context& context, const GatedRmsNorm& args);

}  // namespace jet
