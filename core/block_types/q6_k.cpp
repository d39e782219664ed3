// Q6_K decoding.
#include "core/block_types/q6_k.h"

#include "core/half.h"

namespace jet {

void decode_q6_k(const BlockQ6_K* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b) {
    const BlockQ6_K& block = blocks[b];
    const float d = f16_to_float(block.d);
    for (size_t half = 0; half < 2; ++half) {
      const uint8_t* high = block.high.data() + 32 * half;
      for (size_t k = 0; k < 4; ++k, out += 32) {
        const uint8_t* low = block.low.data() + 64 * half + 32 * (k % 2);
        const int low_shift = k < 2 ? 0 : 4;
        const int high_shift = static_cast<int>(2 * k);
        for (size_t group = 0; group < 2; ++group) {
          const float scale = d * static_cast<float>(block.scales[8 * half + 2 * k + group]);
          for (size_t j = 16 * group; j < 16 * group + 16; ++j) {
            const int quant = (low[j] >> low_shift & 15) | (high[j] >> high_shift & 3) << 4;
            out[j] = scale * static_cast<float>(quant - 32);
          }
        }
      }
    }
  }
}

}  // namespace jet
