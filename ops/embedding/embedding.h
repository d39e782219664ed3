// Rows of the embedding matrix, one for each token.
#pragma once

#include <cstdint>
#include <span>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/weight.h"

namespace jet {

struct Embedding {
  std::span<const int32_t> ids;            // [T]
  const Weight& weight;                    // [vocabulary, D]
  TensorView y;                            // [T, D] float32
  const int32_t* ids_on_device = nullptr;  // the same ids where a device computes
};

// Throws Error on an id outside the vocabulary or shapes that do not fit. Reads T rows of the
// weight.
void embedding(Context& context, const Embedding& args);

}  // namespace jet
