// Linear layers: y = x W^T + bias, W in any floating or block type, sums in float32.
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
  ConstTensorView bias = {};  // [out] of y's type, or empty (data == nullptr)
  TensorView y;               // [T, out] float32; must not alias x
};

enum class Activation { None, Silu };

// One of several linear layers over the same x.
struct LinearPart {
  const Weight& weight;                      // [out, in]
  ConstTensorView bias = {};                 // [out] of y's type, or empty (data == nullptr)
  TensorView y;                              // [T, out] float32; must not alias x
  Activation activation = Activation::None;  // of the sum and the bias
};

// Layers over one x as one operation: x is prepared once, and one split over the threads.
struct LinearGroup {
  ConstTensorView x;                  // [T, in] float32
  std::span<const LinearPart> parts;  // at least one
};

// Bytes of scratch memory that the call needs. Throws Error as the call itself would.
int64_t linear_workspace(const Context& context, const LinearGroup& args);
int64_t linear_workspace(const Context& context, const Linear& args);

// The sum of each output runs over `in` in one fixed order, whatever T, the group and the number of
// threads: results are bit-identical in any batch. Throws Error on shapes or types that do not fit,
// or a type that is no floating or block type. 2 T in out flops; reads each weight once.
void linear(Context& context, const LinearGroup& args, std::span<std::byte> workspace);
void linear(Context& context, const Linear& args, std::span<std::byte> workspace);

}  // namespace jet
