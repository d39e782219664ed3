// Q4_0: the number of largest magnitude becomes q = 0, that is -8 times the scale.
#include "core/block_types/q4_0.h"

#include <algorithm>
#include <cmath>

#include "core/block_types/scale.h"
#include "core/half.h"

namespace jet {

void decode_q4_0(const BlockQ4_0* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b, out += BlockQ4_0::kNumbers) {
    const float d = f16_to_float(blocks[b].d);
    const auto quants = blocks[b].quants;
    for (size_t j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>((quants[j] & 15) - 8);
      out[j + 16] = d * static_cast<float>((quants[j] >> 4) - 8);
    }
  }
}

void encode_q4_0(const float* row, int64_t count, BlockQ4_0* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ4_0::kNumbers) {
    const float extreme = *std::max_element(
        row, row + BlockQ4_0::kNumbers, [](float x, float y) { return std::abs(x) < std::abs(y); });
    const float d = extreme / -8.0f;
    const float inverse = reciprocal(d);
    const auto quant = [inverse](float x) {
      return static_cast<uint8_t>(std::min(15, static_cast<int>(x * inverse + 8.5f)));
    };
    out[b].d = encode_scale(d);
    for (size_t j = 0; j < 16; ++j) {
      out[b].quants[j] = static_cast<uint8_t>(quant(row[j]) | quant(row[j + 16]) << 4);
    }
  }
}

}  // namespace jet
