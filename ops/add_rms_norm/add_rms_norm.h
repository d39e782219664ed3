// Residual sum and the norm of the next sublayer in one pass: x <- x + y, then
// normed = x / sqrt(mean(x^2) + eps) * weight.
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct AddRmsNorm {
  TensorView x;            // [rows, D] float32, changed in place
  ConstTensorView y;       // [rows, D] float32; on a device its type of numbers
  ConstTensorView weight;  // [D] float32
  float eps = 1e-6f;
  TensorView normed;  // [rows, D] of y's type; may alias y
};

// The same bits as add and rms_norm one after the other, which a device runs instead. Throws Error
// on shapes or types that do not fit. 4 rows D flops; reads 8 rows D, writes 8 rows D bytes.
void add_rms_norm(Context& context, const AddRmsNorm& args);

}  // namespace jet
