// Q6_K decoding.
#include "core/block_types/q6_k.h"

#include "core/half.h"

namespace jet {
namespace {

// From its low 4 bits, and its high 2 bits at the end of `high`.
inline float number(int low, int high) { return static_cast<float>((low | (high & 3) << 4) - 32); }

}  // namespace

void decode_q6_k(const BlockQ6_K* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b) {
    const BlockQ6_K& block = blocks[b];
    const float d = f16_to_float(block.d);
    for (size_t half = 0; half < 2; ++half, out += 128) {
      const uint8_t* low = block.low.data() + 64 * half;
      const uint8_t* high = block.high.data() + 32 * half;
      for (size_t group = 0; group < 2; ++group) {
        const int8_t* scales = block.scales.data() + 8 * half + group;
        const float scale0 = d * static_cast<float>(scales[0]);
        const float scale1 = d * static_cast<float>(scales[2]);
        const float scale2 = d * static_cast<float>(scales[4]);
        const float scale3 = d * static_cast<float>(scales[6]);
        for (size_t j = 16 * group; j < 16 * group + 16; ++j) {
          out[j] = scale0 * number(low[j] & 15, high[j]);
          out[j + 32] = scale1 * number(low[j + 32] & 15, high[j] >> 2);
          out[j + 64] = scale2 * number(low[j] >> 4, high[j] >> 4);
          out[j + 96] = scale3 * number(low[j + 32] >> 4, high[j] >> 6);
        }
      }
    }
  }
}

}  // namespace jet
