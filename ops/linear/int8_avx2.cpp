// The products with AVX2: a vector holds a word of 4 numbers of each of 8 rows, half a panel.
#include "ops/linear/int8.h"

#if defined(__x86_64__)

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <hwy/highway.h>
#include <immintrin.h>

#include "ops/linear/packed_types.h"

// The code below alone is compiled for this instruction set.
HWY_PUSH_ATTRIBUTES("avx2,fma,f16c")

namespace jet {
namespace {

constexpr int64_t kHalfRows = 8;

HWY_INLINE int32_t sum_of(__m256i v) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
}

HWY_INLINE uint32_t largest_of(__m256i v) {
  __m128i most = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0x4e));
  most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0xb1));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(most));
}

// Leaves in x what rounding takes off it.
HWY_INLINE void quantise_block(__m256* x, int64_t lane, Int8Block& to) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  constexpr uint32_t kInfinity = 0x7f800000;  // NaNs are above
  __m256i most = _mm256_setzero_si256();
  for (int i = 0; i < 4; ++i) {
    most = _mm256_max_epu32(most, _mm256_and_si256(_mm256_castps_si256(x[i]), magnitude));
  }
  const uint32_t largest = largest_of(most);
  const bool is_finite = largest < kInfinity;
  float d = std::numeric_limits<float>::quiet_NaN();
  if (is_finite)
    d = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(static_cast<int>(largest)))) *
        (1.0f / 127);
  const float inverse = d >= std::numeric_limits<float>::min() ? 1.0f / d : 0.0f;
  const __m256i kept = _mm256_set1_epi32(is_finite ? -1 : 0);
  __m256i q[4];
  for (int i = 0; i < 4; ++i) {
    q[i] = _mm256_and_si256(_mm256_cvtps_epi32(_mm256_mul_ps(x[i], _mm256_set1_ps(inverse))), kept);
    x[i] = _mm256_fnmadd_ps(_mm256_set1_ps(d), _mm256_cvtepi32_ps(q[i]), x[i]);
  }
  // Packing interleaves the halves of vectors; the permutation brings words back in order.
  const __m256i packed = _mm256_permutevar8x32_epi32(
      _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3])),
      _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to.q[lane]), packed);
  to.first[lane] = sum_of(_mm256_add_epi32(q[0], q[1]));
  to.sum[lane] = to.first[lane] + sum_of(_mm256_add_epi32(q[2], q[3]));
  to.d[lane] = d;
  to.s[lane] = d * static_cast<float>(to.sum[lane]);
}

void quantise(const float* x, int64_t blocks, int64_t terms, int64_t lane, Int8Block* tile) {
  for (int64_t b = 0; b < blocks; ++b, x += kPackedBlock) {
    __m256 left[4];
    for (int i = 0; i < 4; ++i) left[i] = _mm256_loadu_ps(x + 8 * i);
    for (int64_t k = 0; k < terms; ++k) quantise_block(left, lane, *tile++);
  }
}

HWY_INLINE __m256i load(const uint8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// Shifts the bits of bytes left (or right where `bits` is negative); the caller masks.
template <int bits>
HWY_INLINE __m256i shift(__m256i v) {
  if constexpr (bits > 0) return _mm256_slli_epi16(v, bits);
  if constexpr (bits < 0) return _mm256_srli_epi16(v, -bits);
  return v;
}

// Word J of a block's rows (`block` points at their half of the vectors): unsigned bytes, of Q8_0
// signed ones.
template <DType type, size_t J>
HWY_INLINE __m256i word(const uint8_t* block) {
  if constexpr (type == DType::Q8_0) {
    return _mm256_xor_si256(load(block + 64 * J), _mm256_set1_epi8(-128));
  } else {
    __m256i w = _mm256_and_si256(shift < J < 4 ? 0 : -4 > (load(block + 64 * (J % 4))),
                                 _mm256_set1_epi8(15));
    if constexpr (high_bits(type) == 1) {
      w = _mm256_or_si256(w, _mm256_and_si256(shift<4 - static_cast<int>(J)>(load(block + 256)),
                                              _mm256_set1_epi8(16)));
    }
    if constexpr (high_bits(type) == 2) {
      const __m256i high = load(block + 256 + 64 * (J / 4));
      w = _mm256_or_si256(
          w, _mm256_and_si256(shift<4 - 2 * static_cast<int>(J % 4)>(high), _mm256_set1_epi8(48)));
    }
    return w;
  }
}

HWY_INLINE __m256 halves(const uint8_t* lanes) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes)));
}

HWY_INLINE __m128i bytes(const uint8_t* lanes) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(lanes));
}

struct Scales {
  __m256 d;    // of the first 16 numbers, or of all 32
  __m256 d1;   // of the last 16 numbers: Q6_K
  __m256 min;  // to be added (Q4_1, Q5_1) or subtracted (Q4_K, Q5_K)
};

// Of rows `half` * 8 to `half` * 8 + 7.
template <DType type>
HWY_INLINE Scales scales(const uint8_t* group, const uint8_t* lanes, int64_t half) {
  Scales s{};
  const uint8_t* small = lanes + kHalfRows * half;  // lanes of one byte
  group += 2 * kHalfRows * half;
  if constexpr (type == DType::Q4_K || type == DType::Q5_K) {
    s.d = _mm256_mul_ps(halves(group), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes(small))));
    s.min = _mm256_mul_ps(halves(group + 32),
                          _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes(small + 16))));
  } else if constexpr (type == DType::Q6_K) {
    s.d = _mm256_mul_ps(halves(group), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes(small))));
    s.d1 =
        _mm256_mul_ps(halves(group), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes(small + 16))));
  } else {
    s.d = halves(lanes + 2 * kHalfRows * half);
    if constexpr (quant_offset(type) == 0) s.min = halves(lanes + 32 + 2 * kHalfRows * half);
  }
  return s;
}

// Sums of 2 x 2 products in 16 bits: at most 4 x 127 x 15, 31 or 63, or 2 x 127 x 128.
template <DType type>
HWY_INLINE __m256i products(__m256i w, const int8_t* q) {
  int32_t word = 0;
  std::memcpy(&word, q, sizeof(word));
  const __m256i x = _mm256_set1_epi32(word);
  if constexpr (type == DType::Q8_0)
    return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
  return _mm256_maddubs_epi16(w, x);
}

HWY_INLINE __m256i widen(__m256i sums) { return _mm256_madd_epi16(sums, _mm256_set1_epi16(1)); }

// Of words 4 h to 4 h + 3: 16 bits hold the sum of two pairs of 6-bit quants (32,004), of four of 4
// or 5 bits (31,496), and one of 8-bit ones.
template <DType type>
HWY_INLINE __m256i dot_half(const __m256i* w, const int8_t* q) {
  const __m256i a = products<type>(w[0], q);
  const __m256i b = products<type>(w[1], q + 4);
  const __m256i c = products<type>(w[2], q + 8);
  const __m256i d = products<type>(w[3], q + 12);
  if constexpr (type == DType::Q8_0)
    return _mm256_add_epi32(_mm256_add_epi32(widen(a), widen(b)),
                            _mm256_add_epi32(widen(c), widen(d)));
  if constexpr (type == DType::Q6_K)
    return _mm256_add_epi32(widen(_mm256_add_epi16(a, b)), widen(_mm256_add_epi16(c, d)));
  return widen(_mm256_add_epi16(_mm256_add_epi16(a, b), _mm256_add_epi16(c, d)));
}

// What an offset of unsigned quants adds to a dot product, to be subtracted.
template <DType type>
HWY_INLINE __m256i without_offset(__m256i dot, int32_t sum) {
  if constexpr (quant_offset(type) == 0 || type == DType::Q8_0) return dot;
  return _mm256_sub_epi32(dot, _mm256_set1_epi32(quant_offset(type) * sum));
}

template <DType type>
HWY_INLINE __m256 add_term(__m256 sum, const __m256i* w, const Scales& scale, const Int8Block& x,
                           int64_t t) {
  const __m256 d = _mm256_set1_ps(x.d[t]);
  const __m256i first = dot_half<type>(w, x.q[t]);
  const __m256i second = dot_half<type>(w + 4, x.q[t] + 16);
  if constexpr (type == DType::Q6_K) {
    const __m256i dot0 = without_offset<type>(first, x.first[t]);
    const __m256i dot1 = without_offset<type>(second, x.sum[t] - x.first[t]);
    sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot0), _mm256_mul_ps(scale.d, d), sum);
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot1), _mm256_mul_ps(scale.d1, d), sum);
  }
  const __m256i dot = without_offset<type>(_mm256_add_epi32(first, second), x.sum[t]);
  sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_mul_ps(scale.d, d), sum);
  if constexpr (quant_offset(type) != 0) return sum;
  const __m256 s = _mm256_set1_ps(x.s[t]);
  if constexpr (type == DType::Q4_1 || type == DType::Q5_1)
    return _mm256_fmadd_ps(scale.min, s, sum);
  return _mm256_fnmadd_ps(scale.min, s, sum);
}

template <DType type>
HWY_INLINE __m256 add_block(__m256 sum, const __m256i* w, const Scales& scale, const Int8Block* x,
                            int64_t t) {
  for (int64_t k = 0; k < int8_terms(type); ++k) sum = add_term<type>(sum, w, scale, x[k], t);
  return sum;
}

// Half a panel with rows `lane` to `lane` + sizeof...(T) of a tile of x; y of the panel's row 0.
template <DType type, size_t... T>
void tile(const Int8Panel& p, const Int8Block* x, int64_t half, int64_t lane, float* y,
          std::index_sequence<T...>) {
  constexpr PackedFormat kFormat = packed_format(type);
  __m256 sums[] = {(static_cast<void>(T), _mm256_setzero_ps())...};
  const auto* data = reinterpret_cast<const uint8_t*>(p.weights);
  for (int64_t b = 0; b < p.blocks;) {
    const uint8_t* group = data;
    data += kFormat.group_bytes;
    for (const int64_t end = b + kFormat.group; b < end; ++b, data += kFormat.block_bytes()) {
      const uint8_t* rows = data + 32 * half;
      const __m256i w[8] = {word<type, 0>(rows), word<type, 1>(rows), word<type, 2>(rows),
                            word<type, 3>(rows), word<type, 4>(rows), word<type, 5>(rows),
                            word<type, 6>(rows), word<type, 7>(rows)};
      const Scales scale = scales<type>(group, data + kFormat.quant_bytes, half);
      ((sums[T] = add_block<type>(sums[T], w, scale, x, lane + static_cast<int64_t>(T))), ...);
      x += p.terms;
    }
  }
  const int64_t rows = std::min(kHalfRows, p.rows - kHalfRows * half);
  for (size_t t = 0; t < sizeof...(T); ++t) {
    alignas(32) float numbers[kHalfRows];
    _mm256_store_ps(numbers, sums[t]);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = kHalfRows * half + r;
      y[static_cast<int64_t>(t) * p.y_stride + row] =
          p.bias != nullptr ? numbers[r] + p.bias[row] : numbers[r];
    }
  }
}

template <DType type>
void multiply_type(const Int8Panel& p) {
  for (int64_t half = 0; half * kHalfRows < p.rows; ++half) {
    for (int64_t t = 0; t < p.tokens;) {
      const Int8Block* x = p.x + t / kTileTokens * p.blocks * p.terms;
      float* y = p.y + t * p.y_stride;
      if (t + 4 <= p.tokens) {
        tile<type>(p, x, half, t % kTileTokens, y, std::make_index_sequence<4>());
        t += 4;
      } else {
        tile<type>(p, x, half, t % kTileTokens, y, std::make_index_sequence<1>());
        t += 1;
      }
    }
  }
}

void multiply(DType type, const Int8Panel& p) {
  with_packed_type(type, [&]<DType kType> { multiply_type<kType>(p); });
}

constexpr int kChains = 12;  // hide the latency of an instruction

int32_t spin(int64_t rounds) {
  const __m256i x = _mm256_set1_epi8(1);
  __m256i sums[kChains];
  for (int k = 0; k < kChains; ++k) sums[k] = _mm256_set1_epi32(k);
  for (int64_t i = 0; i < rounds; ++i) {
    for (int k = 0; k < kChains; ++k) sums[k] = _mm256_maddubs_epi16(sums[k], x);
  }
  for (int k = 1; k < kChains; ++k) sums[0] = _mm256_add_epi32(sums[0], sums[k]);
  return _mm_cvtsi128_si32(_mm256_castsi256_si128(sums[0]));
}

}  // namespace

constinit const Int8Kernels kInt8Avx2{"avx2", quantise, multiply, spin, kChains * 32};

}  // namespace jet

HWY_POP_ATTRIBUTES

#endif
