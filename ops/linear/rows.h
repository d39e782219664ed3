// The reference path of linear: weights as rows of any type, products in float32.
#pragma once

#include "ops/linear/linear.h"

namespace jet {

// Scratch memory that a thread needs, in floats.
int64_t row_scratch_floats(const Weight& weight);

// Columns [begin, end) of a part's y.
void multiply_rows(ConstTensorView x, const LinearPart& part, int64_t begin, int64_t end,
                   float* scratch);

}  // namespace jet
