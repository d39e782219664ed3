// Q4_K: the search for scales is in k_scales.cpp.
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

void encode_q4_k(const float* row, int64_t count, BlockQ4_K* out) {
  constexpr int kMostQuant = 15;
  for (int64_t b = 0; b < count; ++b, row += BlockQ4_K::kNumbers) {
    const auto [d, dmin, scales, quants] = quantise_k(
        std::span<const float, BlockQ4_K::kNumbers>(row, BlockQ4_K::kNumbers), kMostQuant);
    BlockQ4_K block{d, dmin, scales, {}};
    for (size_t i = 0; i < quants.size(); ++i) {
      const size_t group = i / BlockQ4_K::kGroup, j = i % BlockQ4_K::kGroup;
      block.quants[32 * (group / 2) + j] |=
          static_cast<uint8_t>(quants[i] << (group % 2 == 0 ? 0 : 4));
    }
    out[b] = block;
  }
}

}  // namespace jet
