// Linear layer: y = x W^T + bias, W in any floating or block type, sums in float32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/weight.h"

namespace jet {

struct Linear {
  ConstTensorView x;          // [T, in] float32
  const Weight& weight;       // [out, in]
  ConstTensorView bias = {};  // [out] float32, or empty (data == nullptr)
  TensorView y;               // [T, out] float32; must not alias x
};

// Bytes of scratch memory that a call needs, for any T.
int64_t linear_workspace(const Context& context, const Weight& weight);

// The sum of each output runs over `in` in one fixed order, whatever T and the number of threads:
// results are bit-identical in any batch. Throws Error on shapes or types that do not fit, or a
// type that is no floating or block type. 2 T in out flops; reads the weight once.
void linear(Context& context, const Linear& args, std::span<std::byte> workspace);

}  // namespace jet
