// The inner product of linear in SIMD: tiles of rows x tokens whose sums stay in registers.
// Compiled once for each instruction set; the best one the machine has is picked at run time.
#include "ops/linear/panel.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/linear/panel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace jet {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Doubles = hn::ScalableTag<double>;
using Floats = hn::Rebind<float, Doubles>;  // half a register: as many floats as there are doubles
using Vector = hn::Vec<Doubles>;

HWY_INLINE Vector load(const float* from) {
  return hn::PromoteTo(Doubles(), hn::LoadU(Floats(), from));
}

// n < a vector's numbers, followed by zeros.
HWY_INLINE Vector load_tail(const float* from, int64_t n) {
  HWY_ALIGN float padded[hn::MaxLanes(Doubles())] = {};
  std::memcpy(padded, from, static_cast<size_t>(n) * sizeof(float));
  return load(padded);
}

// R rows with C tokens. The product of two floats is exact in float64 and their sum nearly so: what
// is left is the rounding of the result. Each sum has one vector accumulator that takes i in
// ascending order and is folded at the end, in every tile alike: a tile's shape never shows in its
// results.
template <int R, int C>
HWY_INLINE void tile(const Panel& p, int64_t row, int64_t token) {
  const Doubles d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* w = p.w + row * p.w_stride;
  const float* x = p.x + token * p.x_stride;
  Vector sums[R][C];
  for (int r = 0; r < R; ++r) {
    for (int c = 0; c < C; ++c) sums[r][c] = hn::Zero(d);
  }
  const auto multiply_add = [&](auto load_from) HWY_ATTR {
    Vector columns[C];
    for (int c = 0; c < C; ++c) columns[c] = load_from(x + c * p.x_stride);
    for (int r = 0; r < R; ++r) {
      const Vector weights = load_from(w + r * p.w_stride);
      for (int c = 0; c < C; ++c) sums[r][c] = hn::MulAdd(weights, columns[c], sums[r][c]);
    }
  };
  int64_t i = 0;
  for (; i + lanes <= p.n; i += lanes)
    multiply_add([&](const float* from) HWY_ATTR { return load(from + i); });
  if (i < p.n)
    multiply_add([&](const float* from) HWY_ATTR { return load_tail(from + i, p.n - i); });
  for (int c = 0; c < C; ++c) {
    float* y = p.y + (token + c) * p.y_stride + row;
    for (int r = 0; r < R; ++r)
      y[r] += static_cast<float>(hn::GetLane(hn::SumOfLanes(d, sums[r][c])));
  }
}

// One tile's height of rows, or what is left of them, with C tokens.
template <int R, int C>
void rows_with(const Panel& p, int64_t row, int64_t token) {
  if (row + R <= p.rows) return tile<R, C>(p, row, token);
  for (; row < p.rows; ++row) tile<1, C>(p, row, token);
}

// Tiles of 8 x 1 for a single token, else of 4 x 3: at least eight sums at a time hide the latency
// of a fused multiply-add. 4 rows stay in L1 while 48 tokens, which stay in L2, pass them.
void accumulate(const Panel& p) {
  if (p.tokens == 1) {
    for (int64_t row = 0; row < p.rows; row += 8) rows_with<8, 1>(p, row, 0);
    return;
  }
  constexpr int64_t kNearTokens = 48;
  for (int64_t first = 0; first < p.tokens; first += kNearTokens) {
    const int64_t last = std::min(first + kNearTokens, p.tokens);
    for (int64_t row = 0; row < p.rows; row += 4) {
      int64_t token = first;
      for (; token + 3 <= last; token += 3) rows_with<4, 3>(p, row, token);
      if (last - token == 2) rows_with<4, 2>(p, row, token);
      if (last - token == 1) rows_with<4, 1>(p, row, token);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {

HWY_EXPORT(accumulate);

void accumulate_panel(const Panel& panel) { HWY_DYNAMIC_DISPATCH(accumulate)(panel); }

}  // namespace jet
#endif
