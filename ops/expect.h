// The shape and type checks at the head of every op.
#pragma once

#include <string_view>

#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

// Throws Error "rms_norm: weight is f32 [3], expected f32 [4]".
void expect(std::string_view op, std::string_view field, const ConstTensorView& tensor, DType type,
            const Shape& shape);
// Throws Error unless the tensor has this type and rank.
void expect_rank(std::string_view op, std::string_view field, const ConstTensorView& tensor,
                 DType type, int rank);
// Throws Error unless the batch's arrays fit one another and its rows are `tokens`.
void expect_batch(std::string_view op, const BatchView& batch, int64_t tokens);

}  // namespace jet
