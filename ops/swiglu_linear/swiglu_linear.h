// The first half of a gated MLP (Shazeer 2020, arXiv 2002.05202): y = silu(Wg x) * (Wu x).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/weight.h"

namespace jet {

struct SwiGluLinear {
  ConstTensorView x;   // [T, D] float32
  const Weight& gate;  // [F, D]
  const Weight& up;    // [F, D]; its type may be another than that of gate
  TensorView y;        // [T, F] float32; must not alias x
};

int64_t swiglu_linear_workspace(const Context& context, const SwiGluLinear& args);  // bytes

// linear and swiglu one after the other; on the CPU the same bits. Throws Error on shapes or types
// that do not fit. 4 T D F flops; reads each weight once.
void swiglu_linear(Context& context, const SwiGluLinear& args, std::span<std::byte> workspace);

}  // namespace jet
