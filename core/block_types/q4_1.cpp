// Q4_1: the range from the least to the greatest number in 15 equal steps.
#include "core/block_types/q4_1.h"

#include <algorithm>

#include "core/block_types/scale.h"
#include "core/half.h"

namespace jet {

void decode_q4_1(const BlockQ4_1* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b, out += BlockQ4_1::kNumbers) {
    const float d = f16_to_float(blocks[b].d);
    const float m = f16_to_float(blocks[b].m);
    const auto quants = blocks[b].quants;
    for (size_t j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>(quants[j] & 15) + m;
      out[j + 16] = d * static_cast<float>(quants[j] >> 4) + m;
    }
  }
}

void encode_q4_1(const float* row, int64_t count, BlockQ4_1* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ4_1::kNumbers) {
    const auto [least, greatest] = std::minmax_element(row, row + BlockQ4_1::kNumbers);
    const float m = *least;
    const float d = (*greatest - m) / 15.0f;
    const float inverse = reciprocal(d);
    const auto quant = [m, inverse](float x) {
      return static_cast<uint8_t>(std::min(15, static_cast<int>((x - m) * inverse + 0.5f)));
    };
    out[b].d = encode_scale(d);
    out[b].m = encode_scale(m);
    for (size_t j = 0; j < 16; ++j) {
      out[b].quants[j] = static_cast<uint8_t>(quant(row[j]) | quant(row[j + 16]) << 4);
    }
  }
}

}  // namespace jet
