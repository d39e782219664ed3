// Gated activation of the MLP (Shazeer 2020, arXiv 2002.05202): y = silu(gate) * up.
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct SwiGlu {
  ConstTensorView gate;  // [T, F] float32
  ConstTensorView up;    // [T, F] float32
  TensorView y;          // [T, F] float32; may alias gate or up
};

// Throws Error on shapes or types that do not fit. Reads 8 T F, writes 4 T F bytes.
void swiglu(Context& context, const SwiGlu& args);

}  // namespace jet
