// A matrix of a linear layer or an embedding, as it lies in memory.
#pragma once

#include <memory>

#include "core/tensor.h"

namespace jet {

struct PackedWeight;  // ops/linear/packed.h

// [out, in] of any floating or block type.
struct Weight {
  Tensor tensor;  // rows, contiguous, or tiles on a device; may be a file's mapping
  std::shared_ptr<const PackedWeight> packed = nullptr;  // the same numbers for int8 products

  DType type() const { return tensor.type(); }
  int64_t out() const { return tensor.shape()[0]; }
  int64_t in() const { return tensor.shape()[1]; }
};

}  // namespace jet
