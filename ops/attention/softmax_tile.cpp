// One query against a tile of keys and values: scores, weights, weighted values. Compiled once for
// each instruction set; the best one the machine has is picked at run time.
#include "ops/attention/softmax_tile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/softmax_tile.cpp"
// The targets come first, and what is compiled for each of them after.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jet {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, 16>;  // rows are multiples of 16
using Vector = hn::Vec<Floats>;

HWY_INLINE int64_t lanes() { return static_cast<int64_t>(hn::Lanes(Floats())); }

HWY_INLINE float sum_of(Vector x) { return hn::GetLane(hn::SumOfLanes(Floats(), x)); }

float score(const float* q, const float* key, int64_t width) {
  const Floats f;
  Vector sum = hn::Zero(f);
  for (int64_t i = 0; i < width; i += lanes())
    sum = hn::MulAdd(hn::LoadU(f, q + i), hn::LoadU(f, key + i), sum);
  return sum_of(sum);
}

// Eight keys: enough sums to hide the latency of one. Each in the order of score().
HWY_INLINE void eight_scores(const float* q, const float* keys, int64_t width, float* scores) {
  const Floats f;
  const Vector zero = hn::Zero(f);
  Vector s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  Vector s4 = zero, s5 = zero, s6 = zero, s7 = zero;
  for (int64_t i = 0; i < width; i += lanes()) {
    const Vector x = hn::LoadU(f, q + i);
    const float* k = keys + i;
    s0 = hn::MulAdd(x, hn::LoadU(f, k), s0);
    s1 = hn::MulAdd(x, hn::LoadU(f, k + width), s1);
    s2 = hn::MulAdd(x, hn::LoadU(f, k + 2 * width), s2);
    s3 = hn::MulAdd(x, hn::LoadU(f, k + 3 * width), s3);
    s4 = hn::MulAdd(x, hn::LoadU(f, k + 4 * width), s4);
    s5 = hn::MulAdd(x, hn::LoadU(f, k + 5 * width), s5);
    s6 = hn::MulAdd(x, hn::LoadU(f, k + 6 * width), s6);
    s7 = hn::MulAdd(x, hn::LoadU(f, k + 7 * width), s7);
  }
  scores[0] = sum_of(s0);
  scores[1] = sum_of(s1);
  scores[2] = sum_of(s2);
  scores[3] = sum_of(s3);
  scores[4] = sum_of(s4);
  scores[5] = sum_of(s5);
  scores[6] = sum_of(s6);
  scores[7] = sum_of(s7);
}

// weights[j] <- exp(weights[j] - largest) for j < n; their sum, in ascending order in each lane.
float weigh(float* weights, int64_t n, float largest) {
  const Floats f;
  // Beyond n the weights are zero.
  std::fill(weights + n, weights + (n + lanes() - 1) / lanes() * lanes(),
            -std::numeric_limits<float>::infinity());
  Vector sum = hn::Zero(f);
  for (int64_t j = 0; j < n; j += lanes()) {
    const Vector x = hn::Sub(hn::Load(f, weights + j), hn::Set(f, largest));
    const Vector weight = hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(f, x));
    hn::Store(weight, f, weights + j);
    sum = hn::Add(sum, weight);
  }
  return sum_of(sum);
}

// mixed <- shrink mixed + sum of weights[j] values[j], the even and the odd j apart.
void mix(const float* weights, const float* values, int64_t n, int64_t width, float shrink,
         float* mixed) {
  const Floats f;
  const Vector zero = hn::Zero(f), kept = hn::Set(f, shrink);
  int64_t i = 0;
  for (; i + 4 * lanes() <= width; i += 4 * lanes()) {
    const int64_t i1 = i + lanes(), i2 = i1 + lanes(), i3 = i2 + lanes();
    Vector a0 = hn::Mul(kept, hn::LoadU(f, mixed + i)), b0 = zero;
    Vector a1 = hn::Mul(kept, hn::LoadU(f, mixed + i1)), b1 = zero;
    Vector a2 = hn::Mul(kept, hn::LoadU(f, mixed + i2)), b2 = zero;
    Vector a3 = hn::Mul(kept, hn::LoadU(f, mixed + i3)), b3 = zero;
    int64_t j = 0;
    for (; j + 2 <= n; j += 2) {
      const float* v = values + j * width;
      const Vector even = hn::Set(f, weights[j]), odd = hn::Set(f, weights[j + 1]);
      a0 = hn::MulAdd(even, hn::LoadU(f, v + i), a0);
      a1 = hn::MulAdd(even, hn::LoadU(f, v + i1), a1);
      a2 = hn::MulAdd(even, hn::LoadU(f, v + i2), a2);
      a3 = hn::MulAdd(even, hn::LoadU(f, v + i3), a3);
      b0 = hn::MulAdd(odd, hn::LoadU(f, v + width + i), b0);
      b1 = hn::MulAdd(odd, hn::LoadU(f, v + width + i1), b1);
      b2 = hn::MulAdd(odd, hn::LoadU(f, v + width + i2), b2);
      b3 = hn::MulAdd(odd, hn::LoadU(f, v + width + i3), b3);
    }
    if (j < n) {
      const float* v = values + j * width;
      const Vector last = hn::Set(f, weights[j]);
      a0 = hn::MulAdd(last, hn::LoadU(f, v + i), a0);
      a1 = hn::MulAdd(last, hn::LoadU(f, v + i1), a1);
      a2 = hn::MulAdd(last, hn::LoadU(f, v + i2), a2);
      a3 = hn::MulAdd(last, hn::LoadU(f, v + i3), a3);
    }
    hn::StoreU(hn::Add(a0, b0), f, mixed + i);
    hn::StoreU(hn::Add(a1, b1), f, mixed + i1);
    hn::StoreU(hn::Add(a2, b2), f, mixed + i2);
    hn::StoreU(hn::Add(a3, b3), f, mixed + i3);
  }
  for (; i < width; i += lanes()) {
    Vector sum = hn::Mul(kept, hn::LoadU(f, mixed + i));
    for (int64_t j = 0; j < n; ++j)
      sum = hn::MulAdd(hn::Set(f, weights[j]), hn::LoadU(f, values + j * width + i), sum);
    hn::StoreU(sum, f, mixed + i);
  }
}

void attend_rows(RunningSoftmax& query, const KeyValueTile& tile, int64_t begin, int64_t end) {
  HWY_ALIGN float weights[kTilePositions];
  const int64_t n = end - begin, width = tile.width;
  const float* keys = tile.keys + begin * width;
  int64_t j = 0;
  for (; j + 8 <= n; j += 8) eight_scores(query.q, keys + j * width, width, weights + j);
  for (; j < n; ++j) weights[j] = score(query.q, keys + j * width, width);

  const float largest = std::max(query.largest, *std::max_element(weights, weights + n));
  const float shrink = std::exp(query.largest - largest);
  query.largest = largest;
  query.sum = query.sum * shrink + weigh(weights, n, largest);
  mix(weights, tile.values + begin * width, n, width, shrink, query.mixed);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(attend_rows);

}  // namespace

void attend(RunningSoftmax& query, const KeyValueTile& tile, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(attend_rows)(query, tile, begin, end);
}

}  // namespace jet
#endif
