// Rotary position embedding (Su et al. 2021, arXiv 2104.09864), half-split pairs: (i, i + d/2)
// turns by p * freq[i].
#pragma once

#include "core/context.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

struct Rope {
  TensorView x;                 // [T, H, d] float32, turned in place; d even
  ConstTensorView frequencies;  // [d / 2] float32, radians a position
  BatchView batch;              // gives each row its position
};

// theta^(-2i/d) for i < d/2, computed in float64.
Tensor rope_frequencies(int64_t head_dim, double theta);

// Angles are computed in float32 as position * frequency, as the published code does.
// Throws Error on shapes or types that do not fit. 6 flops a pair and one sine and cosine for each
// (row, i).
void rope(Context& context, const Rope& args);

}  // namespace jet
