// Q5_K: as Q4_K with a fifth bit, which stands apart.
#include "core/block_types/q5_k.h"

#include "core/half.h"

namespace jet {
namespace {

constexpr int kMostQuant = 31;

// From its low 4 bits, and its fifth at the end of `high`.
inline float number(int low, int high) { return static_cast<float>(low | (high & 1) << 4); }

}  // namespace

void decode_q5_k(const BlockQ5_K* blocks, int64_t count, float* __restrict out) {
  for (int64_t b = 0; b < count; ++b) {
    const BlockQ5_K& block = blocks[b];
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
      const uint8_t* high = block.high.data();
      const int bit = 2 * static_cast<int>(pair);
      for (int j = 0; j < 32; ++j) {
        out[j] = d0 * number(quants[j] & 15, high[j] >> bit) - m0;
        out[j + 32] = d1 * number(quants[j] >> 4, high[j] >> (bit + 1)) - m1;
      }
    }
  }
}

void encode_q5_k(const float* row, int64_t count, BlockQ5_K* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ5_K::kNumbers) {
    const auto [d, dmin, scales, quants] = quantise_k(
        std::span<const float, BlockQ5_K::kNumbers>(row, BlockQ5_K::kNumbers), kMostQuant);
    BlockQ5_K block{d, dmin, scales, {}, {}};
    for (size_t i = 0; i < quants.size(); ++i) {
      const size_t group = i / BlockQ5_K::kGroup, j = i % BlockQ5_K::kGroup;
      block.high[j] |= static_cast<uint8_t>((quants[i] >> 4) << group);
      block.quants[32 * (group / 2) + j] |=
          static_cast<uint8_t>((quants[i] & 15) << (group % 2 == 0 ? 0 : 4));
    }
    out[b] = block;
  }
}

}  // namespace jet
