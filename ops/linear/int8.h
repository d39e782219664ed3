// Products of packed block weights with rows quantised to int8, once or twice: one table of kernels
// for each instruction set. All give the same bits: integers are exact, and floats are summed in
// one order with one rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/dtype.h"

namespace jet {

inline constexpr int64_t kTileTokens = 16;

// 32 numbers of 16 rows of x, or of what an earlier term leaves of them: x[t, i] ~ d[t] q[t, i], d
// the largest magnitude / 127; NaN where a number is not finite. The order of q is the kernels'
// own; that of most is [t][i].
struct alignas(64) Int8Block {
  int8_t q[kTileTokens][32];
  float d[kTileTokens];
  float s[kTileTokens];        // d sum
  int32_t sum[kTileTokens];    // of q
  int32_t first[kTileTokens];  // of the first 16 q
};

// How many times x is rounded for a type: what the first rounding leaves is rounded again where the
// weights are good enough to show it.
constexpr int64_t int8_terms(DType type) { return type == DType::Q8_0 ? 2 : 1; }

// Blocks of T rows of x: [ceil(T / 16)][blocks][terms]; what would be rows past T is never read.
constexpr int64_t int8_blocks(int64_t tokens, int64_t blocks, int64_t terms) {
  return (tokens + kTileTokens - 1) / kTileTokens * blocks * terms;
}

// One panel of weights with T rows of x: over blocks b in order
//   y[t, r] += (sum of w x, in integers) (d_w d_x);  y[t, r] += m_w (d_x sum x)  (types with
//   minima)
// for each of the type's terms of x, and Q6_K's two half blocks one after the other; the bias last.
struct Int8Panel {
  const std::byte* weights;
  const Int8Block* x;  // [ceil(tokens / 16)][blocks][terms]
  int64_t blocks;
  int64_t terms;  // as x lies; a type of fewer reads the first ones
  int64_t tokens;
  float* y;  // [tokens, rows]
  int64_t y_stride;
  int64_t rows;       // 1 to 16
  const float* bias;  // [rows], or null
};

struct Int8Kernels {
  std::string_view name;
  // Row t of x, 32 * blocks numbers, into lane t % 16 of its tile's blocks [blocks][terms].
  void (*quantise)(const float* x, int64_t blocks, int64_t terms, int64_t lane, Int8Block* tile);
  void (*multiply)(DType type, const Int8Panel& panel);
  // Independent products on registers alone, `spin_products` a round, to measure a machine's peak
  // by; null where no such loop is written. Returns some sum of them.
  int32_t (*spin)(int64_t rounds) = nullptr;
  int64_t spin_products = 0;
};

// Those that this machine can run, best first; the last is portable.
std::span<const Int8Kernels> int8_kernels();
// The best, or the one that a test has chosen.
const Int8Kernels& chosen_int8_kernels();
// While one lives, every product uses these kernels. For tests.
class WithInt8Kernels {
 public:
  explicit WithInt8Kernels(const Int8Kernels& kernels);
  ~WithInt8Kernels();
  WithInt8Kernels(const WithInt8Kernels&) = delete;
  WithInt8Kernels& operator=(const WithInt8Kernels&) = delete;
};

extern const Int8Kernels kInt8Portable;
#if defined(__x86_64__)
extern const Int8Kernels kInt8Avx2;        // AVX2, FMA, F16C
extern const Int8Kernels kInt8Avx512Vnni;  // and AVX-512 F, BW, VL, DQ and VNNI
#elif defined(__aarch64__)
extern const Int8Kernels kInt8Neon;
#if !defined(__clang__)
// Clang 14 has the intrinsics only where -march lets all of a file use them.
#define JET_INT8_DOTPROD
extern const Int8Kernels kInt8Dotprod;  // ARMv8.2 DotProd
extern const Int8Kernels kInt8I8mm;     // DotProd and I8MM
#endif
#endif

}  // namespace jet
