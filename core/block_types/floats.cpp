// 16-bit floats, in loops without branches so that compilers vectorise them.
#include "core/block_types/floats.h"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/half.h"

namespace jet {
namespace {

// As f16_to_float, with masks where that has branches.
inline float f16_to_float_by_masks(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  const uint32_t shifted = magnitude << 13;
  const uint32_t is_subnormal = 0u - static_cast<uint32_t>(magnitude < 0x400u);
  const uint32_t is_special = 0u - static_cast<uint32_t>(magnitude >= 0x7c00u);  // infinite or NaN
  constexpr uint32_t kBias = 0x38000000u;  // of the exponent: 127 - 15
  const uint32_t normal = shifted + kBias + (is_special & kBias);
  // 2^-14 + magnitude 2^-24, less 2^-14: no subnormal float32 is ever met, they are slow.
  const uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(shifted + 0x38800000u) - 0x1p-14f);
  return std::bit_cast<float>(sign | (is_subnormal & subnormal) | (~is_subnormal & normal));
}

#if defined(__x86_64__)
// Every CPU with AVX2 has the conversion instruction; it is some five times as fast.
__attribute__((target("avx2,f16c"))) void decode_f16_avx2(const uint16_t* halves, int64_t n,
                                                          float* out) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(halves + i));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(packed));
  }
  decode_f16_portable(halves + i, n - i, out + i);
}
#endif

}  // namespace

void decode_f16_portable(const uint16_t* halves, int64_t n, float* __restrict out) {
  for (int64_t i = 0; i < n; ++i) out[i] = f16_to_float_by_masks(halves[i]);
}

void decode_f16(const std::byte* row, int64_t n, float* out) {
  const auto* halves = reinterpret_cast<const uint16_t*>(row);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return decode_f16_avx2(halves, n, out);
#endif
  decode_f16_portable(halves, n, out);
}

void decode_bf16(const std::byte* row, int64_t n, float* __restrict out) {
  const auto* halves = reinterpret_cast<const uint16_t*>(row);
  for (int64_t i = 0; i < n; ++i) out[i] = bf16_to_float(halves[i]);
}

void encode_f16(const float* row, int64_t n, std::byte* out) {
  auto* halves = reinterpret_cast<uint16_t*>(out);
  for (int64_t i = 0; i < n; ++i) halves[i] = float_to_f16(row[i]);
}

void encode_bf16(const float* row, int64_t n, std::byte* out) {
  auto* halves = reinterpret_cast<uint16_t*>(out);
  for (int64_t i = 0; i < n; ++i) halves[i] = float_to_bf16(row[i]);
}

}  // namespace jet
