// Residual sum: x <- x + y.
#pragma once

#include "core/context.h"
#include "core/tensor.h"

namespace jet {

struct Add {
  TensorView x;       // any shape, float32; changed in place
  ConstTensorView y;  // the same shape, float32
};

// Throws Error on shapes or types that do not fit. n flops; reads 8n, writes 4n bytes.
void add(Context& context, const Add& args);

}  // namespace jet
