// Some rows of a matrix, in the order that is asked for: those whose logits are wanted.
#pragma once

#include <cstdint>
#include <span>

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct GatherRows {
  ConstTensorView x;                        // [T, D] float32
  std::span<const int32_t> rows;            // [L], in [0, T)
  const int32_t* rows_on_device = nullptr;  // the same where a device computes
  TensorView y;                             // [L, D] float32; must not alias x
};

// Throws Error on a row outside x or shapes or types that do not fit. Reads and writes 4 L D bytes
// each.
void gather_rows(Context& context, const GatherRows& args);

}  // namespace jet
