// Q8_0: the largest magnitude becomes 127; halves round away from zero.
#include "core/block_types/q8_0.h"

#include <algorithm>
#include <cmath>

#include "core/block_types/scale.h"
#include "core/half.h"

namespace jet {

void decode_q8_0(const BlockQ8_0* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b, out += BlockQ8_0::kNumbers) {
    const float d = f16_to_float(blocks[b].d);
    const auto quants = blocks[b].quants;
    for (size_t j = 0; j < quants.size(); ++j) out[j] = d * static_cast<float>(quants[j]);
  }
}

void encode_q8_0(const float* row, int64_t count, BlockQ8_0* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ8_0::kNumbers) {
    float largest = 0.0f;
    for (int j = 0; j < BlockQ8_0::kNumbers; ++j) largest = std::max(largest, std::abs(row[j]));
    const float d = largest / 127.0f;
    const float inverse = reciprocal(d);
    out[b].d = encode_scale(d);
    for (size_t j = 0; j < out[b].quants.size(); ++j) {
      out[b].quants[j] = static_cast<int8_t>(std::round(row[j] * inverse));
    }
  }
}

}  // namespace jet
