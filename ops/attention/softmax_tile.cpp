// Queries against a tile of keys and values: scores, weights, weighted values. Blocks of queries
// share what is loaded. Compiled once for each instruction set; the best one the machine has is
// picked at run time.
#include "ops/attention/softmax_tile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <hwy/cache_control.h>

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

// Queries of a block: with four keys, or four vectors of values, their sums fill half the
// registers.
#if HWY_ARCH_ARM || HWY_TARGET <= HWY_AVX3
constexpr int kBlock = 4;
#else
constexpr int kBlock = 2;
#endif
constexpr int kKeys = 4;
constexpr float kNothing = -std::numeric_limits<float>::infinity();

HWY_INLINE int64_t lanes() { return static_cast<int64_t>(hn::Lanes(Floats())); }

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void store_four_sums(Vector a, Vector b, Vector c, Vector d, float* to) {
  to[0] = hn::GetLane(a);
  to[1] = hn::GetLane(b);
  to[2] = hn::GetLane(c);
  to[3] = hn::GetLane(d);
}
#else
// The sums of a vector's blocks of four lanes, by halves.
template <class D>
HWY_INLINE hn::Vec<hn::FixedTag<float, 4> > sum_of_fours(D d, hn::Vec<D> x) {
  if constexpr (hn::MaxLanes(d) == 4) {
    return x;
  } else {
    const hn::Half<D> half;
    return sum_of_fours(half, hn::Add(hn::LowerHalf(half, x), hn::UpperHalf(half, x)));
  }
}

// to = {sum of a, of b, of c, of d}, each by one rule.
HWY_INLINE void store_four_sums(Vector a, Vector b, Vector c, Vector d, float* to) {
  const Floats f;
  const hn::Repartition<double, Floats> pairs;
  const Vector ab = hn::Add(hn::InterleaveLower(f, a, b), hn::InterleaveUpper(f, a, b));
  const Vector cd = hn::Add(hn::InterleaveLower(f, c, d), hn::InterleaveUpper(f, c, d));
  const auto ab_pairs = hn::BitCast(pairs, ab), cd_pairs = hn::BitCast(pairs, cd);
  const auto low = hn::BitCast(f, hn::InterleaveLower(pairs, ab_pairs, cd_pairs));
  const auto high = hn::BitCast(f, hn::InterleaveUpper(pairs, ab_pairs, cd_pairs));
  hn::StoreU(sum_of_fours(f, hn::Add(low, high)), hn::FixedTag<float, 4>(), to);
}
#endif

HWY_INLINE void fetch(const std::byte* const* rows, int64_t begin, int64_t end, int64_t bytes) {
  constexpr int64_t kLine = 64;
  for (int64_t j = begin; j < end; ++j) {
    for (int64_t i = 0; i < bytes; i += kLine) hwy::Prefetch(rows[j] + i);
  }
}

// scores[i, 0..3] = q_i . keys[0..3] for the block's N queries.
template <int N>
HWY_INLINE void four_scores(const float* q, const float* const* keys, int64_t width,
                            float* scores) {
  const Floats f;
  Vector sums[N][kKeys];
  for (auto& row : sums) {
    for (Vector& sum : row) sum = hn::Zero(f);
  }
  for (int64_t i = 0; i < width; i += lanes()) {
    const Vector k0 = hn::LoadU(f, keys[0] + i), k1 = hn::LoadU(f, keys[1] + i);
    const Vector k2 = hn::LoadU(f, keys[2] + i), k3 = hn::LoadU(f, keys[3] + i);
    for (int n = 0; n < N; ++n) {
      const Vector x = hn::LoadU(f, q + n * width + i);
      sums[n][0] = hn::MulAdd(x, k0, sums[n][0]);
      sums[n][1] = hn::MulAdd(x, k1, sums[n][1]);
      sums[n][2] = hn::MulAdd(x, k2, sums[n][2]);
      sums[n][3] = hn::MulAdd(x, k3, sums[n][3]);
    }
  }
  for (int n = 0; n < N; ++n) {
    store_four_sums(sums[n][0], sums[n][1], sums[n][2], sums[n][3], scores + n * kTilePositions);
  }
}

// Scores of positions [begin, end) of the tile, for N queries.
template <int N>
void score(const float* q, const KeyValueTile& tile, int64_t begin, int64_t end,
           const RowsAhead& ahead, float* scores) {
  for (int64_t j = begin; j < end; j += kKeys) {
    fetch(ahead.keys, std::min(j, ahead.count), std::min(j + kKeys, ahead.count), ahead.bytes);
    if (j + kKeys <= kTilePositions && j + kKeys <= end) {
      four_scores<N>(q, tile.keys + j, tile.width, scores + j);
      continue;
    }
    // The last key stands in for those beyond the end; their scores are dropped.
    const float* keys[kKeys];
    for (int64_t i = 0; i < kKeys; ++i) keys[i] = tile.keys[std::min(j + i, end - 1)];
    float last[N * kTilePositions];
    four_scores<N>(q, keys, tile.width, last);
    for (int n = 0; n < N; ++n)
      std::copy_n(last + n * kTilePositions, end - j, scores + n * kTilePositions + j);
  }
}

// Scores of the visible positions become weights exp(score - largest), all others of the tile's
// vectors between `begin` and `end` zero. Returns what the earlier sums must shrink by.
float weigh(float* weights, Visible visible, int64_t begin, int64_t end, float& largest,
            float& sum) {
  const Floats f;
  const int64_t first = begin / lanes() * lanes();
  const int64_t last = (end + lanes() - 1) / lanes() * lanes();
  if (visible.begin >= visible.end) {
    std::fill(weights + first, weights + last, 0.0f);
    return 1;
  }
  std::fill(weights + first, weights + visible.begin, kNothing);
  std::fill(weights + visible.end, weights + last, kNothing);
  Vector most = hn::Set(f, largest);
  for (int64_t j = first; j < last; j += lanes()) most = hn::Max(most, hn::Load(f, weights + j));
  const float now = hn::GetLane(hn::MaxOfLanes(f, most));
  const Vector top = hn::Set(f, now);
  Vector total = hn::Zero(f);
  for (int64_t j = first; j < last; j += lanes()) {
    const Vector x = hn::Sub(hn::Load(f, weights + j), top);
    const Vector weight = hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(f, x));
    hn::Store(weight, f, weights + j);
    total = hn::Add(total, weight);
  }
  const float shrink = std::exp(largest - now);
  largest = now;
  sum = sum * shrink + hn::GetLane(hn::SumOfLanes(f, total));
  return shrink;
}

// mixed_n <- shrink_n mixed_n + sum of weights_n[j] values[j] over j, ascending, in V vectors from
// number i on.
template <int N, int V>
HWY_INLINE void mix_vectors(const float* weights, const KeyValueTile& tile, int64_t begin,
                            int64_t end, const float* shrink, const RowsAhead& ahead, float* mixed,
                            int64_t i) {
  const Floats f;
  Vector sums[N][V];
  for (int n = 0; n < N; ++n) {
    for (int v = 0; v < V; ++v) {
      sums[n][v] =
          hn::Mul(hn::Set(f, shrink[n]), hn::LoadU(f, mixed + n * tile.width + i + v * lanes()));
    }
  }
  for (int64_t j = begin; j < end; ++j) {
    if (j < ahead.count) fetch(ahead.values, j, j + 1, ahead.bytes);
    const float* from = tile.values[j] + i;
    Vector values[V];
    for (int v = 0; v < V; ++v) values[v] = hn::LoadU(f, from + v * lanes());
    for (int n = 0; n < N; ++n) {
      const Vector weight = hn::Set(f, weights[n * kTilePositions + j]);
      for (int v = 0; v < V; ++v) sums[n][v] = hn::MulAdd(weight, values[v], sums[n][v]);
    }
  }
  for (int n = 0; n < N; ++n) {
    for (int v = 0; v < V; ++v) hn::StoreU(sums[n][v], f, mixed + n * tile.width + i + v * lanes());
  }
}

template <int N>
void attend_block(const float* q, const Softmaxes& softmaxes, const Visible* visible,
                  const KeyValueTile& tile, const RowsAhead& ahead) {
  int64_t begin = kTilePositions, end = 0;
  for (int n = 0; n < N; ++n) {
    if (visible[n].begin >= visible[n].end) continue;
    begin = std::min<int64_t>(begin, visible[n].begin);
    end = std::max<int64_t>(end, visible[n].end);
  }
  if (begin >= end) return;
  HWY_ALIGN float weights[N * kTilePositions];
  float shrink[N];
  score<N>(q, tile, begin, end, ahead, weights);
  for (int n = 0; n < N; ++n) {
    shrink[n] = weigh(weights + n * kTilePositions, visible[n], begin, end, softmaxes.largest[n],
                      softmaxes.sum[n]);
  }
  RowsAhead nothing;
  int64_t i = 0;
  for (; i + 4 * lanes() <= tile.width; i += 4 * lanes())
    mix_vectors<N, 4>(weights, tile, begin, end, shrink, i == 0 ? ahead : nothing, softmaxes.mixed,
                      i);
  for (; i < tile.width; i += lanes())
    mix_vectors<N, 1>(weights, tile, begin, end, shrink, nothing, softmaxes.mixed, i);
}

void attend_tile(const float* q, const Softmaxes& softmaxes, const Visible* visible, int64_t count,
                 const KeyValueTile& tile, const RowsAhead& ahead) {
  RowsAhead nothing;
  int64_t at = 0;
  const auto block = [&]<int N>() {
    attend_block<N>(q + at * tile.width, softmaxes.from(at), visible + at, tile,
                    at == 0 ? ahead : nothing);
    at += N;
  };
  while (at + kBlock <= count) block.template operator()<kBlock>();
  if constexpr (kBlock == 4) {
    if (count - at == 3) return block.template operator()<3>();
    if (count - at == 2) return block.template operator()<2>();
  }
  if (count - at == 1) block.template operator()<1>();
}

void merge_all(const Softmaxes& totals, const Softmaxes& parts, int64_t count) {
  const Floats f;
  for (int64_t n = 0; n < count; ++n) {
    if (parts.largest[n] == kNothing && parts.sum[n] == 0) continue;
    const float largest = std::max(totals.largest[n], parts.largest[n]);
    const float kept = std::exp(totals.largest[n] - largest);
    const float taken = std::exp(parts.largest[n] - largest);
    totals.largest[n] = largest;
    totals.sum[n] = totals.sum[n] * kept + parts.sum[n] * taken;
    float* total = totals.mixed + n * totals.width;
    const float* part = parts.mixed + n * parts.width;
    for (int64_t i = 0; i < totals.width; i += lanes()) {
      const Vector old = hn::Mul(hn::LoadU(f, total + i), hn::Set(f, kept));
      hn::StoreU(hn::MulAdd(hn::LoadU(f, part + i), hn::Set(f, taken), old), f, total + i);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(attend_tile);
HWY_EXPORT(merge_all);

}  // namespace

void Softmaxes::clear(int64_t count) const {
  std::fill_n(mixed, count * width, 0.0f);
  std::fill_n(largest, count, -std::numeric_limits<float>::infinity());
  std::fill_n(sum, count, 0.0f);
}

void attend(const float* q, const Softmaxes& softmaxes, const Visible* visible, int64_t count,
            const KeyValueTile& tile, const RowsAhead& ahead) {
  HWY_DYNAMIC_DISPATCH(attend_tile)(q, softmaxes, visible, count, tile, ahead);
}

void merge(const Softmaxes& totals, const Softmaxes& parts, int64_t count) {
  HWY_DYNAMIC_DISPATCH(merge_all)(totals, parts, count);
}

}  // namespace jet
#endif
