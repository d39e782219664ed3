// Q4_K decoding.
#include "core/block_types/q4_k.h"

#include "core/half.h"

namespace jet {

void decode_q4_k(const BlockQ4_K* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b) {
    const BlockQ4_K& block = blocks[b];
    const float d = f16_to_float(block.d);
    const float dmin = f16_to_float(block.dmin);
    for (size_t pair = 0; pair < 4; ++pair, out += 64) {
      const auto [scale0, min0] = unpack_scale(block.scales, 2 * pair);
      const auto [scale1, min1] = unpack_scale(block.scales, 2 * pair + 1);
      const float d0 = d * scale0;
      const float m0 = dmin * min0;
      const float d1 = d * scale1;
      const float m1 = dmin * min1;
      const uint8_t* quants = block.quants.data() + 32 * pair;
      for (int j = 0; j < 32; ++j) {
        out[j] = d0 * static_cast<float>(quants[j] & 15) - m0;
        out[j + 32] = d1 * static_cast<float>(quants[j] >> 4) - m1;
      }
    }
  }
}

}  // namespace jet
