// The products with NEON over the dot products of one instruction set: a vector holds a word of 4
// numbers of each of 4 rows, a quarter of a panel. For int8_neon.cpp, int8_dotprod.cpp and
// int8_i8mm.cpp alone, which include it among code compiled for their instruction set, after the
// headers below, which are not; each says as `Set`:
//   kPair                           whether it multiplies two tokens at a time, which then lie in
//                                   a tile in turn, 8 numbers each
//   dot<type, first, words>(w, q)   one token's sums over words `first` to `first` + `words`
//   arrange(w)                      with kPair: puts the weights in the order of dot_pair
//   dot_pair<first, words>(w, q)    with kPair: two tokens' sums
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <arm_neon.h>
#include <hwy/highway.h>

#include "ops/linear/int8.h"
#include "ops/linear/packed_types.h"

namespace jet {
namespace {

constexpr int64_t kQuarterRows = 4;

// Numbers 8 i to 8 i + 7 of row `lane` of a tile are its run i, at run_at; the four runs of a row
// lie `kRunStride` apart.
template <typename Set>
constexpr int64_t kRunStride = Set::kPair ? 16 : 8;

template <typename Set>
HWY_INLINE int64_t run_at(int64_t lane) {
  return Set::kPair ? lane / 2 * 64 + lane % 2 * 8 : lane * 32;
}

// Leaves in x what rounding takes off it.
template <typename Set>
HWY_INLINE void quantise_block(float32x4_t* x, int64_t lane, Int8Block& to) {
  constexpr uint32_t kInfinity = 0x7f800000;  // NaNs are above
  uint32x4_t most = vdupq_n_u32(0);
  for (int i = 0; i < 8; ++i) most = vmaxq_u32(most, vreinterpretq_u32_f32(vabsq_f32(x[i])));
  const uint32_t largest = vmaxvq_u32(most);
  const bool is_finite = largest < kInfinity;
  float d = std::numeric_limits<float>::quiet_NaN();
  if (is_finite) d = vgetq_lane_f32(vreinterpretq_f32_u32(vdupq_n_u32(largest)), 0) * (1.0f / 127);
  const float inverse = d >= std::numeric_limits<float>::min() ? 1.0f / d : 0.0f;
  const int32x4_t kept = vdupq_n_s32(is_finite ? -1 : 0);
  int32x4_t q[8];
  for (int i = 0; i < 8; ++i) {
    q[i] = vandq_s32(vcvtnq_s32_f32(vmulq_n_f32(x[i], inverse)), kept);
    x[i] = vfmsq_f32(x[i], vcvtq_f32_s32(q[i]), vdupq_n_f32(d));
  }
  int8_t* run = &to.q[0][0] + run_at<Set>(lane);
  for (int i = 0; i < 8; i += 2, run += kRunStride<Set>)
    vst1_s8(run, vmovn_s16(vcombine_s16(vmovn_s32(q[i]), vmovn_s32(q[i + 1]))));
  const int32x4_t first = vaddq_s32(vaddq_s32(q[0], q[1]), vaddq_s32(q[2], q[3]));
  const int32x4_t second = vaddq_s32(vaddq_s32(q[4], q[5]), vaddq_s32(q[6], q[7]));
  to.first[lane] = vaddvq_s32(first);
  to.sum[lane] = vaddvq_s32(vaddq_s32(first, second));
  to.d[lane] = d;
  to.s[lane] = d * static_cast<float>(to.sum[lane]);
}

template <typename Set>
void quantise(const float* x, int64_t blocks, int64_t terms, int64_t lane, Int8Block* tile) {
  for (int64_t b = 0; b < blocks; ++b, x += kPackedBlock) {
    float32x4_t values[8];
    for (int i = 0; i < 8; ++i) values[i] = vld1q_f32(x + 4 * i);
    for (int64_t k = 0; k < terms; ++k) quantise_block<Set>(values, lane, *tile++);
  }
}

// Shifts the bits of bytes left, or right where `bits` is negative.
template <int bits>
HWY_INLINE uint8x16_t shift(uint8x16_t v) {
  if constexpr (bits > 0) return vshlq_n_u8(v, bits);
  if constexpr (bits < 0) return vshrq_n_u8(v, -bits);
  return v;
}

// Word J of a quarter's rows (`block` points at their part of the vectors), the offset taken off.
template <DType type, size_t J>
HWY_INLINE int8x16_t word(const uint8_t* block) {
  constexpr int kWord = static_cast<int>(J);
  uint8x16_t w;
  if constexpr (type == DType::Q8_0) {
    w = vld1q_u8(block + 64 * J);
  } else {
    w = vld1q_u8(block + 64 * (J % 4));
    w = J < 4 ? vandq_u8(w, vdupq_n_u8(15)) : shift<-4>(w);
    if constexpr (high_bits(type) == 1) {
      w = vorrq_u8(w, vandq_u8(shift<4 - kWord>(vld1q_u8(block + 256)), vdupq_n_u8(16)));
    }
    if constexpr (high_bits(type) == 2) {
      w = vorrq_u8(w, vandq_u8(shift<4 - 2 * (kWord % 4)>(vld1q_u8(block + 256 + 64 * (J / 4))),
                               vdupq_n_u8(48)));
    }
  }
  if constexpr (quant_offset(type) != 0) w = vsubq_u8(w, vdupq_n_u8(quant_offset(type)));
  return vreinterpretq_s8_u8(w);
}

HWY_INLINE float32x4_t halves(const uint8_t* lanes) {
  return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(lanes)));
}

HWY_INLINE uint32x4_t bytes(const uint8_t* lanes) {
  uint32_t four = 0;
  std::memcpy(&four, lanes, sizeof(four));
  return vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)))));
}

HWY_INLINE int32x4_t signed_bytes(const uint8_t* lanes) {
  uint32_t four = 0;
  std::memcpy(&four, lanes, sizeof(four));
  return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(four)))));
}

struct Scales {
  float32x4_t d;    // of the first 16 numbers, or of all 32
  float32x4_t d1;   // of the last 16 numbers: Q6_K
  float32x4_t min;  // to be added (Q4_1, Q5_1) or subtracted (Q4_K, Q5_K)
};

// Of rows 4 `quarter` to 4 `quarter` + 3.
template <DType type>
HWY_INLINE Scales scales(const uint8_t* group, const uint8_t* lanes, int64_t quarter) {
  Scales s{};
  const uint8_t* small = lanes + kQuarterRows * quarter;  // lanes of one byte
  group += 2 * kQuarterRows * quarter;
  if constexpr (type == DType::Q4_K || type == DType::Q5_K) {
    s.d = vmulq_f32(halves(group), vcvtq_f32_u32(bytes(small)));
    s.min = vmulq_f32(halves(group + 32), vcvtq_f32_u32(bytes(small + 16)));
  } else if constexpr (type == DType::Q6_K) {
    s.d = vmulq_f32(halves(group), vcvtq_f32_s32(signed_bytes(small)));
    s.d1 = vmulq_f32(halves(group), vcvtq_f32_s32(signed_bytes(small + 16)));
  } else {
    s.d = halves(lanes + 2 * kQuarterRows * quarter);
    if constexpr (quant_offset(type) == 0) s.min = halves(lanes + 32 + 2 * kQuarterRows * quarter);
  }
  return s;
}

HWY_INLINE float32x4_t scaled(float32x4_t sum, int32x4_t dot, float32x4_t d_w, float d_x) {
  return vfmaq_f32(sum, vcvtq_f32_s32(dot), vmulq_n_f32(d_w, d_x));
}

template <DType type>
HWY_INLINE float32x4_t with_min(float32x4_t sum, const Scales& scale, float s) {
  if constexpr (quant_offset(type) != 0) return sum;
  if constexpr (type == DType::Q4_1 || type == DType::Q5_1)
    return vfmaq_f32(sum, scale.min, vdupq_n_f32(s));
  return vfmsq_f32(sum, scale.min, vdupq_n_f32(s));
}

// One token's share of a block, by one term of x.
template <typename Set, DType type>
HWY_INLINE void add_one(float32x4_t* sum, const int8x16_t* w, const Scales& scale,
                        const Int8Block& x, int64_t t) {
  const int8_t* q = &x.q[0][0] + run_at<Set>(t);
  if constexpr (type == DType::Q6_K) {
    *sum = scaled(*sum, Set::template dot<type, 0, 4>(w, q), scale.d, x.d[t]);
    *sum = scaled(*sum, Set::template dot<type, 4, 4>(w, q), scale.d1, x.d[t]);
  } else {
    *sum = scaled(*sum, Set::template dot<type, 0, 8>(w, q), scale.d, x.d[t]);
    *sum = with_min<type>(*sum, scale, x.s[t]);
  }
}

// Two tokens', whose sums lie side by side; w in the order of dot_pair.
template <typename Set, DType type>
HWY_INLINE void add_pair(float32x4_t* sum, const int8x16_t* w, const Scales& scale,
                         const Int8Block& x, int64_t t) {
  const int8_t* q = &x.q[0][0] + run_at<Set>(t);
  if constexpr (type == DType::Q6_K) {
    const int32x4x2_t first = Set::template dot_pair<0, 4>(w, q);
    const int32x4x2_t second = Set::template dot_pair<4, 4>(w, q);
    for (int i = 0; i < 2; ++i) {
      sum[i] = scaled(sum[i], first.val[i], scale.d, x.d[t + i]);
      sum[i] = scaled(sum[i], second.val[i], scale.d1, x.d[t + i]);
    }
  } else {
    const int32x4x2_t dots = Set::template dot_pair<0, 8>(w, q);
    for (int i = 0; i < 2; ++i) {
      sum[i] = scaled(sum[i], dots.val[i], scale.d, x.d[t + i]);
      sum[i] = with_min<type>(sum[i], scale, x.s[t + i]);
    }
  }
}

// A block of one quarter with rows `lane` to `lane` + sizeof...(T) of a tile of x.
template <typename Set, DType type, size_t... T>
HWY_INLINE void add_quarter(float32x4_t* sums, const uint8_t* group, const uint8_t* data,
                            int64_t quarter, const Int8Block* x, int64_t lane,
                            std::index_sequence<T...>) {
  const uint8_t* rows = data + 16 * quarter;
  int8x16_t w[8] = {word<type, 0>(rows), word<type, 1>(rows), word<type, 2>(rows),
                    word<type, 3>(rows), word<type, 4>(rows), word<type, 5>(rows),
                    word<type, 6>(rows), word<type, 7>(rows)};
  const Scales scale = scales<type>(group, data + packed_format(type).quant_bytes, quarter);
  if constexpr (Set::kPair && sizeof...(T) > 1) Set::arrange(w);
  for (int64_t k = 0; k < int8_terms(type); ++k) {
    if constexpr (Set::kPair && sizeof...(T) > 1) {
      ((T % 2 == 0 ? add_pair<Set, type>(sums + T, w, scale, x[k], lane + static_cast<int64_t>(T))
                   : void()),
       ...);
    } else {
      (add_one<Set, type>(sums + T, w, scale, x[k], lane + static_cast<int64_t>(T)), ...);
    }
  }
}

// Quarters `first` to `first` + sizeof...(Q) of a panel with T rows of x; sums stay in registers.
template <typename Set, DType type, size_t T, size_t... Q>
void tile(const Int8Panel& p, const Int8Block* x, int64_t first, int64_t lane, float* y,
          std::index_sequence<Q...>) {
  constexpr PackedFormat kFormat = packed_format(type);
  float32x4_t sums[sizeof...(Q)][T] = {};
  const auto* data = reinterpret_cast<const uint8_t*>(p.weights);
  for (int64_t b = 0; b < p.blocks;) {
    const uint8_t* group = data;
    data += kFormat.group_bytes;
    for (const int64_t end = b + kFormat.group; b < end; ++b, data += kFormat.block_bytes()) {
      (add_quarter<Set, type>(sums[Q], group, data, first + static_cast<int64_t>(Q), x, lane,
                              std::make_index_sequence<T>()),
       ...);
      x += p.terms;
    }
  }
  for (size_t i = 0; i < sizeof...(Q); ++i) {
    const int64_t row = kQuarterRows * (first + static_cast<int64_t>(i));
    const int64_t rows = std::min(kQuarterRows, p.rows - row);
    for (size_t t = 0; t < T; ++t) {
      float numbers[kQuarterRows];
      vst1q_f32(numbers, sums[i][t]);
      for (int64_t r = 0; r < rows; ++r) {
        y[static_cast<int64_t>(t) * p.y_stride + row + r] =
            p.bias != nullptr ? numbers[r] + p.bias[row + r] : numbers[r];
      }
    }
  }
}

// Sixteen sums at a time: 16 tokens of a quarter, whose words are unpacked once for all, or 4
// tokens of a panel; a single token takes the panel's quarters side by side, as they lie in memory.
template <typename Set, DType type>
void multiply_type(const Int8Panel& p) {
  for (int64_t t = 0; t < p.tokens;) {
    const Int8Block* x = p.x + t / kTileTokens * p.blocks * p.terms;
    const int64_t lane = t % kTileTokens;
    float* y = p.y + t * p.y_stride;
    if (t + kTileTokens <= p.tokens) {
      for (int64_t quarter = 0; quarter * kQuarterRows < p.rows; ++quarter)
        tile<Set, type, 16>(p, x, quarter, lane, y, std::make_index_sequence<1>());
      t += kTileTokens;
    } else if (t + 4 <= p.tokens) {
      tile<Set, type, 4>(p, x, 0, lane, y, std::make_index_sequence<4>());
      t += 4;
    } else {
      tile<Set, type, 1>(p, x, 0, lane, y, std::make_index_sequence<4>());
      t += 1;
    }
  }
}

template <typename Set>
void multiply(DType type, const Int8Panel& p) {
  with_packed_type(type, [&]<DType kType>() { multiply_type<Set, kType>(p); });
}

}  // namespace
}  // namespace jet
