// Queries and keys of the JetBlock: y = scale * s / sqrt(sum s^2 + eps) with s = silu(x), each head
// on its own.
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct SiluL2Norm {
  ConstTensorView x;   // [T, H, K] float32
  float scale = 1.0f;  // K^-1/2 for queries, 1 for keys
  float eps = 1e-6f;
  TensorView y;  // [T, H, K] float32; may alias x
};

// Throws Error on shapes or types that do not fit. Reads and writes 4 T H K bytes each.
void silu_l2_norm(Context& context, const SiluL2Norm& args);

}  // namespace jet
