// The products with AVX-512 VNNI: a vector holds a word of 4 numbers of each of a panel's 16 rows,
// and one instruction adds the products of 64 pairs.
#include "ops/linear/int8.h"

#if defined(__x86_64__)

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <hwy/highway.h>
#include <immintrin.h>

#include "ops/linear/packed_types.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in g++ 12's own headers (GCC bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

// The code below alone is compiled for this instruction set.
HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma,f16c")

namespace jet {
namespace {

// Leaves in x0 and x1 what rounding takes off them.
HWY_INLINE void quantise_block(__m512& x0, __m512& x1, int64_t lane, Int8Block& to) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  constexpr uint32_t kInfinity = 0x7f800000;  // NaNs are above
  const uint32_t largest = _mm512_reduce_max_epu32(
      _mm512_max_epu32(_mm512_and_si512(_mm512_castps_si512(x0), magnitude),
                       _mm512_and_si512(_mm512_castps_si512(x1), magnitude)));
  const bool is_finite = largest < kInfinity;
  float d = std::numeric_limits<float>::quiet_NaN();
  if (is_finite)
    d = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(static_cast<int>(largest)))) *
        (1.0f / 127);
  const float inverse = d >= std::numeric_limits<float>::min() ? 1.0f / d : 0.0f;
  const __m512 scale = _mm512_set1_ps(inverse);
  const __mmask16 all = is_finite ? 0xffff : 0;
  const __m512i q0 = _mm512_maskz_cvtps_epi32(all, _mm512_mul_ps(x0, scale));
  const __m512i q1 = _mm512_maskz_cvtps_epi32(all, _mm512_mul_ps(x1, scale));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to.q[lane]), _mm512_cvtepi32_epi8(q0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to.q[lane] + 16), _mm512_cvtepi32_epi8(q1));
  to.d[lane] = d;
  to.sum[lane] = _mm512_reduce_add_epi32(_mm512_add_epi32(q0, q1));
  to.s[lane] = d * static_cast<float>(to.sum[lane]);
  to.first[lane] = _mm512_reduce_add_epi32(q0);
  x0 = _mm512_fnmadd_ps(_mm512_set1_ps(d), _mm512_cvtepi32_ps(q0), x0);
  x1 = _mm512_fnmadd_ps(_mm512_set1_ps(d), _mm512_cvtepi32_ps(q1), x1);
}

void quantise(const float* x, int64_t blocks, int64_t terms, int64_t lane, Int8Block* tile) {
  for (int64_t b = 0; b < blocks; ++b, x += kPackedBlock) {
    __m512 x0 = _mm512_loadu_ps(x);
    __m512 x1 = _mm512_loadu_ps(x + 16);
    for (int64_t k = 0; k < terms; ++k) quantise_block(x0, x1, lane, *tile++);
  }
}

HWY_INLINE __m512i load(const uint8_t* from) { return _mm512_loadu_si512(from); }

// Shifts the bits of bytes left (or right where `bits` is negative); the caller masks.
template <int bits>
HWY_INLINE __m512i shift(__m512i v) {
  if constexpr (bits > 0) return _mm512_slli_epi16(v, bits);
  if constexpr (bits < 0) return _mm512_srli_epi16(v, -bits);
  return v;
}

// The eight words of a block's rows, as unsigned bytes.
template <DType type, size_t... J>
HWY_INLINE void unpack(const uint8_t* block, __m512i* w, std::index_sequence<J...>) {
  if constexpr (type == DType::Q8_0) {
    ((w[J] = load(block + 64 * J)), ...);
    return;
  }
  const __m512i low = _mm512_set1_epi8(15);
  ((w[J] = _mm512_and_si512(shift < J < 4 ? 0 : -4 > (load(block + 64 * (J % 4))), low)), ...);
  if constexpr (high_bits(type) == 1) {
    const __m512i high = load(block + 256);
    const __m512i bit = _mm512_set1_epi8(16);
    ((w[J] = _mm512_or_si512(w[J], _mm512_and_si512(shift<4 - static_cast<int>(J)>(high), bit))),
     ...);
  }
  if constexpr (high_bits(type) == 2) {
    const __m512i bits = _mm512_set1_epi8(48);
    ((w[J] = _mm512_or_si512(w[J], _mm512_and_si512(shift<4 - 2 * static_cast<int>(J % 4)>(
                                                        load(block + 256 + 64 * (J / 4))),
                                                    bits))),
     ...);
  }
}

HWY_INLINE __m512 halves(const uint8_t* lanes) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes)));
}

HWY_INLINE __m128i bytes(const uint8_t* lanes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes));
}

struct Scales {
  __m512 d;    // of the first 16 numbers, or of all 32
  __m512 d1;   // of the last 16 numbers: Q6_K
  __m512 min;  // to be added (Q4_1, Q5_1) or subtracted (Q4_K, Q5_K)
};

template <DType type>
HWY_INLINE Scales scales(const uint8_t* group, const uint8_t* lanes) {
  Scales s;
  if constexpr (type == DType::Q4_K || type == DType::Q5_K) {
    s.d = _mm512_mul_ps(halves(group), _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes(lanes))));
    s.min = _mm512_mul_ps(halves(group + 32),
                          _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes(lanes + 16))));
  } else if constexpr (type == DType::Q6_K) {
    s.d = _mm512_mul_ps(halves(group), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes(lanes))));
    s.d1 =
        _mm512_mul_ps(halves(group), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes(lanes + 16))));
  } else {
    s.d = halves(lanes);
    if constexpr (quant_offset(type) == 0) s.min = halves(lanes + 32);
  }
  return s;
}

HWY_INLINE __m512i add_products(__m512i sum, __m512i w, const int8_t* x) {
  int32_t word = 0;
  std::memcpy(&word, x, sizeof(word));
  return _mm512_dpbusd_epi32(sum, w, _mm512_set1_epi32(word));
}

// What an offset of the quants adds to a dot product, to be subtracted.
template <DType type>
HWY_INLINE __m512i offset(int32_t sum) {
  constexpr int kShift = type == DType::Q4_0   ? 3
                         : type == DType::Q5_0 ? 4
                         : type == DType::Q6_K ? 5
                                               : 7;
  static_assert(1 << kShift == quant_offset(type));
  return _mm512_slli_epi32(_mm512_set1_epi32(sum), kShift);
}

template <DType type>
HWY_INLINE __m512 add_term(__m512 sum, const __m512i* w, const Scales& scale, const Int8Block& x,
                           int64_t t) {
  const int8_t* q = x.q[t];
  const __m512 d = _mm512_set1_ps(x.d[t]);
  __m512i dot = _mm512_setzero_si512();
  for (int j = 0; j < 4; ++j) dot = add_products(dot, w[j], q + 4 * j);
  if constexpr (type == DType::Q6_K) {
    dot = _mm512_sub_epi32(dot, offset<type>(x.first[t]));
    sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), _mm512_mul_ps(scale.d, d), sum);
    dot = _mm512_setzero_si512();
    for (int j = 4; j < 8; ++j) dot = add_products(dot, w[j], q + 4 * j);
    dot = _mm512_sub_epi32(dot, offset<type>(x.sum[t] - x.first[t]));
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), _mm512_mul_ps(scale.d1, d), sum);
  }
  for (int j = 4; j < 8; ++j) dot = add_products(dot, w[j], q + 4 * j);
  if constexpr (quant_offset(type) != 0) dot = _mm512_sub_epi32(dot, offset<type>(x.sum[t]));
  sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), _mm512_mul_ps(scale.d, d), sum);
  if constexpr (quant_offset(type) != 0) return sum;
  const __m512 s = _mm512_set1_ps(x.s[t]);
  if constexpr (type == DType::Q4_1 || type == DType::Q5_1)
    return _mm512_fmadd_ps(scale.min, s, sum);
  return _mm512_fnmadd_ps(scale.min, s, sum);
}

template <DType type>
HWY_INLINE __m512 add_block(__m512 sum, const __m512i* w, const Scales& scale, const Int8Block* x,
                            int64_t t) {
  for (int64_t k = 0; k < int8_terms(type); ++k) sum = add_term<type>(sum, w, scale, x[k], t);
  return sum;
}

// The panel with rows `lane` to `lane` + sizeof...(T) of a tile of x; sums stay in registers.
template <DType type, size_t... T>
void tile(const Int8Panel& p, const Int8Block* x, int64_t lane, float* y,
          std::index_sequence<T...>) {
  constexpr PackedFormat kFormat = packed_format(type);
  __m512 sums[] = {(static_cast<void>(T), _mm512_setzero_ps())...};
  const auto* data = reinterpret_cast<const uint8_t*>(p.weights);
  for (int64_t b = 0; b < p.blocks;) {
    const uint8_t* group = data;
    data += kFormat.group_bytes;
    for (const int64_t end = b + kFormat.group; b < end; ++b, data += kFormat.block_bytes()) {
      __m512i w[8];
      unpack<type>(data, w, std::make_index_sequence<8>());
      const Scales scale = scales<type>(group, data + kFormat.quant_bytes);
      ((sums[T] = add_block<type>(sums[T], w, scale, x, lane + static_cast<int64_t>(T))), ...);
      x += p.terms;
    }
  }
  const auto rows = static_cast<__mmask16>((1u << p.rows) - 1);
  if (p.bias != nullptr) {
    const __m512 bias = _mm512_maskz_loadu_ps(rows, p.bias);
    ((sums[T] = _mm512_add_ps(sums[T], bias)), ...);
  }
  (_mm512_mask_storeu_ps(y + static_cast<int64_t>(T) * p.y_stride, rows, sums[T]), ...);
}

template <DType type>
void multiply_type(const Int8Panel& p) {
  for (int64_t first = 0; first < p.tokens; first += kTileTokens) {
    const Int8Block* x = p.x + first / kTileTokens * p.blocks * p.terms;
    float* y = p.y + first * p.y_stride;
    const int64_t tokens = std::min(kTileTokens, p.tokens - first);
    if (tokens == kTileTokens) {
      tile<type>(p, x, 0, y, std::make_index_sequence<16>());
      continue;
    }
    int64_t t = 0;
    for (; t + 8 <= tokens; t += 8)
      tile<type>(p, x, t, y + t * p.y_stride, std::make_index_sequence<8>());
    for (; t + 4 <= tokens; t += 4)
      tile<type>(p, x, t, y + t * p.y_stride, std::make_index_sequence<4>());
    for (; t < tokens; ++t) tile<type>(p, x, t, y + t * p.y_stride, std::make_index_sequence<1>());
  }
}

void multiply(DType type, const Int8Panel& p) {
  with_packed_type(type, [&]<DType kType> { multiply_type<kType>(p); });
}

constexpr int kChains = 12;  // hide the latency of an instruction

int32_t spin(int64_t rounds) {
  const __m512i x = _mm512_set1_epi32(static_cast<int32_t>(rounds));
  __m512i sums[kChains];
  for (int k = 0; k < kChains; ++k) sums[k] = _mm512_set1_epi32(k);
  for (int64_t i = 0; i < rounds; ++i) {
    for (int k = 0; k < kChains; ++k) sums[k] = _mm512_dpbusd_epi32(sums[k], x, x);
  }
  for (int k = 1; k < kChains; ++k) sums[0] = _mm512_add_epi32(sums[0], sums[k]);
  return _mm_cvtsi128_si32(_mm512_castsi512_si128(sums[0]));
}

}  // namespace

constinit const Int8Kernels kInt8Avx512Vnni{"avx512-vnni", quantise, multiply, spin, kChains * 64};

}  // namespace jet

HWY_POP_ATTRIBUTES

#endif
