// Random weights of any floating or block type, for tests and benches.
#pragma once

#include <vector>

#include "core/block_types/block_types.h"
#include "core/random.h"
#include "ops/weight.h"

namespace jet::testing {

// [out, in], normal with this deviation before encoding.
inline Weight random_weight(DType type, int64_t out, int64_t in, uint64_t seed, double deviation) {
  Weight weight{Tensor(type, Shape{out, in})};
  Random random(seed);
  std::vector<float> row(static_cast<size_t>(in));
  for (int64_t r = 0; r < out; ++r) {
    for (float& value : row) value = static_cast<float>(deviation * random.normal());
    encode_row(type, row.data(), in, weight.tensor.mutable_view().data + r * row_bytes(type, in));
  }
  return weight;
}

}  // namespace jet::testing
