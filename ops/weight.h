// A matrix of a linear layer or an embedding, as it lies in memory.
#pragma once

#include "core/tensor.h"

namespace jet {

// [out, in], rows contiguous; any floating or block type. The bytes may be a file's mapping.
struct Weight {
  Tensor tensor;

  DType type() const { return tensor.type(); }
  int64_t out() const { return tensor.shape()[0]; }
  int64_t in() const { return tensor.shape()[1]; }
};

}  // namespace jet
