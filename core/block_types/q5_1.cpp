// Q5_1: the range from the least to the greatest number in 31 equal steps.
#include "core/block_types/q5_1.h"

#include <algorithm>

#include "core/block_types/q5_quants.h"
#include "core/block_types/scale.h"
#include "core/half.h"

namespace jet {

void decode_q5_1(const BlockQ5_1* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b, out += BlockQ5_1::kNumbers) {
    const float d = f16_to_float(blocks[b].d);
    const float m = f16_to_float(blocks[b].m);
    const QuantsQ5 quants = unpack_q5(blocks[b]);
    for (size_t i = 0; i < quants.size(); ++i) out[i] = d * static_cast<float>(quants[i]) + m;
  }
}

void encode_q5_1(const float* row, int64_t count, BlockQ5_1* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ5_1::kNumbers) {
    const auto [least, greatest] = std::minmax_element(row, row + BlockQ5_1::kNumbers);
    const float m = *least;
    const float d = (*greatest - m) / 31.0f;
    out[b].d = encode_scale(d);  // throws where the range overflows
    out[b].m = encode_scale(m);
    const float inverse = reciprocal(d);
    QuantsQ5 quants;
    for (size_t i = 0; i < quants.size(); ++i) {
      quants[i] =
          static_cast<uint8_t>(std::min(31, static_cast<int>((row[i] - m) * inverse + 0.5f)));
    }
    pack_q5(quants, out[b]);
  }
}

}  // namespace jet
