// Q5_0: the number of largest magnitude becomes q = 0, that is -16 times the scale.
#include "core/block_types/q5_0.h"

#include <algorithm>
#include <cmath>

#include "core/block_types/q5_quants.h"
#include "core/block_types/scale.h"
#include "core/half.h"

namespace jet {

void decode_q5_0(const BlockQ5_0* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b, out += BlockQ5_0::kNumbers) {
    const float d = f16_to_float(blocks[b].d);
    const QuantsQ5 quants = unpack_q5(blocks[b]);
    for (size_t i = 0; i < quants.size(); ++i) out[i] = d * static_cast<float>(quants[i] - 16);
  }
}

void encode_q5_0(const float* row, int64_t count, BlockQ5_0* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ5_0::kNumbers) {
    const float extreme = *std::max_element(
        row, row + BlockQ5_0::kNumbers, [](float x, float y) { return std::abs(x) < std::abs(y); });
    const float d = extreme / -16.0f;
    const float inverse = reciprocal(d);
    QuantsQ5 quants;
    for (size_t i = 0; i < quants.size(); ++i) {
      quants[i] = static_cast<uint8_t>(std::min(31, static_cast<int>(row[i] * inverse + 16.5f)));
    }
    out[b].d = encode_scale(d);
    pack_q5(quants, out[b]);
  }
}

}  // namespace jet
