// Root-mean-square norm (Zhang & Sennrich 2019, arXiv 1910.07467): y = x / sqrt(mean(x^2) + eps) *
// weight.
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct RmsNorm {
  ConstTensorView x;  // [rows, D] float32 (or [T, H, d]: every row of the last axis on its own)
  ConstTensorView weight;  // [D] float32
  float eps = 1e-6f;
  TensorView y;  // the shape of x; may alias it
};

// Throws Error on shapes or types that do not fit. 3 rows D flops; reads and writes 4 rows D bytes
// each.
void rms_norm(Context& context, const RmsNorm& args);

}  // namespace jet
