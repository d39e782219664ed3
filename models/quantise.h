// Which tensors of a model become blocks, and of which format.
#pragma once

#include <string>
#include <vector>

#include "models/convert.h"

namespace jet {

// A row that the format asked for does not divide.
struct Fallback {
  std::string tensor;
  int64_t width;
  DType asked;
  DType type;
};

struct QuantisationPlan {
  std::vector<TensorType> tensors;  // what becomes blocks (or F16, as a last resort)
  std::vector<Fallback> fallbacks;
};

// Matrices become `type`, a block format, but for those whose TensorSpec keeps them apart. The head
// (a tied embedding is one) becomes Q6_K where `type` has fewer bits: every logit passes through
// it. Rows that a format does not divide take the next that does: Q4_K -> Q5_0, Q5_K -> Q5_1, Q6_K
// -> Q8_0, and any -> F16. Vectors stay.
QuantisationPlan quantisation_plan(const DecoderSpec& spec, DType type);

}  // namespace jet
