// SiLU (Elfwing et al. 2018, arXiv 1702.03118): y = x / (1 + exp(-x)).
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct Silu {
  ConstTensorView x;  // any shape, float32
  TensorView y;       // the same shape, float32; may alias x
};

// Throws Error on shapes or types that do not fit. Reads and writes 4 bytes a number.
void silu(Context& context, const Silu& args);

}  // namespace jet
