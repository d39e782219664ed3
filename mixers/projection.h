// A linear layer whose output and scratch memory come from the step's arena.
#pragma once

#include "core/context.h"
#include "core/tensor.h"
#include "ops/weight.h"

namespace jet {

// x [T, in] W^T + bias as a new tensor of `shape`, whose sizes multiply to T * out; valid until the
// arena's scope ends.
TensorView project(Context& context, ConstTensorView x, const Weight& weight, const Shape& shape,
                   ConstTensorView bias = {});
// The same into memory of the caller: y [T, out].
void project_into(Context& context, ConstTensorView x, const Weight& weight, TensorView y);

}  // namespace jet
