// Queries against a tile of keys and values: scores, weights, weighted values. Blocks of queries
// share what is loaded. Compiled once for each instruction set; the best one the machine has is
// picked at run time.
#include "ops/attention/softmax_tile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/block_types/q8_0.h"
#include "core/half.h"

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
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> sum_of_fours(D d, hn::Vec<D> x) {
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

// A vector of a stored row's numbers from number i on, exactly as decode_row gives them.
struct StoredF32 {
  static HWY_INLINE Vector load(const std::byte* row, int64_t i) {
    return hn::LoadU(Floats(), reinterpret_cast<const float*>(row) + i);
  }
};

template <class Half>
struct StoredHalf {
  static HWY_INLINE Vector load(const std::byte* row, int64_t i) {
    const hn::Rebind<uint16_t, Floats> bits;
    const auto x = hn::LoadU(bits, reinterpret_cast<const uint16_t*>(row) + i);
    return hn::PromoteTo(Floats(), hn::BitCast(hn::Rebind<Half, Floats>(), x));
  }
};

struct StoredQ8_0 {
  static HWY_INLINE Vector load(const std::byte* row, int64_t i) {
    const Floats f;
    const auto& block = reinterpret_cast<const BlockQ8_0*>(row)[i / BlockQ8_0::kNumbers];
    const int8_t* quants = block.quants.data() + i % BlockQ8_0::kNumbers;
    const auto x = hn::LoadU(hn::Rebind<int8_t, Floats>(), quants);
    const auto ints = hn::PromoteTo(hn::Rebind<int32_t, Floats>(), x);
    return hn::Mul(hn::Set(f, f16_to_float(block.d)), hn::ConvertTo(f, ints));
  }
};

// Rows [i, i + n) of the `count` that begin at `first`. A few at a time: many at once fill the
// queue of misses, and the loads of the tile at hand wait behind them.
HWY_INLINE void fetch(const std::byte* first, const RowsAhead& ahead, int64_t i, int64_t n) {
  constexpr int64_t kLine = 64;
  constexpr int kRead = 0, kSecondLevel = 2;
  for (const int64_t end = std::min(i + n, ahead.count); i < end; ++i) {
    const std::byte* row = first + i * ahead.stride;
    for (int64_t at = 0; at < ahead.bytes; at += kLine)
      __builtin_prefetch(row + at, kRead, kSecondLevel);
  }
}

// scores[i, 0..3] = q_i . keys[0..3] for the block's N queries.
template <class Stored, int N>
HWY_INLINE void four_scores(const float* q, const std::byte* const (&keys)[kKeys], int64_t width,
                            float* scores) {
  const Floats f;
  Vector sums[N][kKeys];
  for (auto& row : sums) {
    for (Vector& sum : row) sum = hn::Zero(f);
  }
  for (int64_t i = 0; i < width; i += lanes()) {
    const Vector k0 = Stored::load(keys[0], i), k1 = Stored::load(keys[1], i);
    const Vector k2 = Stored::load(keys[2], i), k3 = Stored::load(keys[3], i);
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
template <class Stored, int N>
void score(const float* q, const KeyValueTile& tile, int64_t begin, int64_t end,
           const RowsAhead& ahead, float* scores) {
  const std::byte* first = tile.keys + (begin - tile.begin) * tile.stride;
  int64_t j = begin;
  for (; j + kKeys <= end; j += kKeys, first += kKeys * tile.stride) {
    fetch(ahead.keys, ahead, j - begin, kKeys);
    const std::byte* const keys[kKeys] = {first, first + tile.stride, first + 2 * tile.stride,
                                          first + 3 * tile.stride};
    four_scores<Stored, N>(q, keys, tile.width, scores + j);
  }
  if (j == end) return;
  // The last key stands in for those beyond the end; their scores are dropped.
  const std::byte* const last = first + (end - 1 - j) * tile.stride;
  const std::byte* const keys[kKeys] = {first, std::min(first + tile.stride, last),
                                        std::min(first + 2 * tile.stride, last), last};
  float found[N * kTilePositions];
  four_scores<Stored, N>(q, keys, tile.width, found);
  for (int n = 0; n < N; ++n)
    std::copy_n(found + n * kTilePositions, end - j, scores + n * kTilePositions + j);
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
template <class Stored, int N, int V>
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
  const std::byte* row = tile.values + (begin - tile.begin) * tile.stride;
  for (int64_t j = begin; j < end; ++j, row += tile.stride) {
    fetch(ahead.values, ahead, j - begin, 1);
    Vector values[V];
    for (int v = 0; v < V; ++v) values[v] = Stored::load(row, i + v * lanes());
    for (int n = 0; n < N; ++n) {
      const Vector weight = hn::Set(f, weights[n * kTilePositions + j]);
      for (int v = 0; v < V; ++v) sums[n][v] = hn::MulAdd(weight, values[v], sums[n][v]);
    }
  }
  for (int n = 0; n < N; ++n) {
    for (int v = 0; v < V; ++v) hn::StoreU(sums[n][v], f, mixed + n * tile.width + i + v * lanes());
  }
}

// mix_vectors over the whole width; empty ranges change nothing.
template <class Stored, int N>
HWY_INLINE void mix(const float* weights, const KeyValueTile& tile, int64_t begin, int64_t end,
                    const float* shrink, const RowsAhead& ahead, float* mixed) {
  if (begin >= end) return;
  const RowsAhead nothing;
  int64_t i = 0;
  for (; i + 4 * lanes() <= tile.width; i += 4 * lanes())
    mix_vectors<Stored, N, 4>(weights, tile, begin, end, shrink, i == 0 ? ahead : nothing, mixed,
                              i);
  for (; i < tile.width; i += lanes())
    mix_vectors<Stored, N, 1>(weights, tile, begin, end, shrink, nothing, mixed, i);
}

template <class Stored, int N>
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
  score<Stored, N>(q, tile, begin, end, ahead, weights);
  for (int n = 0; n < N; ++n) {
    shrink[n] = weigh(weights + n * kTilePositions, visible[n], begin, end, softmaxes.largest[n],
                      softmaxes.sum[n]);
  }
  // Together over what all of them see, each alone before and after it: a weight of zero would let
  // a NaN through.
  int64_t common_begin = begin, common_end = end;
  for (int n = 0; n < N; ++n) {
    common_begin = std::max<int64_t>(common_begin, visible[n].begin);
    common_end = std::min<int64_t>(common_end, visible[n].end);
  }
  common_end = std::max(common_begin, common_end);
  const auto alone = [&](int n, int64_t from, int64_t to) {
    if (from >= to) return;
    mix<Stored, 1>(weights + n * kTilePositions, tile, from, to, shrink + n, RowsAhead(),
                   softmaxes.mixed + n * tile.width);
    shrink[n] = 1;
  };
  for (int n = 0; n < N; ++n)
    alone(n, visible[n].begin, std::min<int64_t>(visible[n].end, common_begin));
  if (common_begin < common_end) {
    mix<Stored, N>(weights, tile, common_begin, common_end, shrink, ahead, softmaxes.mixed);
    std::fill_n(shrink, N, 1.0f);
  }
  for (int n = 0; n < N; ++n)
    alone(n, std::max<int64_t>(visible[n].begin, common_end), visible[n].end);
}

template <class Stored>
void attend_stored(const float* q, const Softmaxes& softmaxes, const Visible* visible,
                   int64_t count, const KeyValueTile& tile, const RowsAhead& ahead) {
  const RowsAhead nothing;
  int64_t at = 0;
  const auto block = [&]<int N> {
    attend_block<Stored, N>(q + at * tile.width, softmaxes.from(at), visible + at, tile,
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

void attend_tile(const float* q, const Softmaxes& softmaxes, const Visible* visible, int64_t count,
                 const KeyValueTile& tile, const RowsAhead& ahead) {
  switch (tile.type) {
    case DType::BF16:
      return attend_stored<StoredHalf<hwy::bfloat16_t>>(q, softmaxes, visible, count, tile, ahead);
    case DType::F16:
      return attend_stored<StoredHalf<hwy::float16_t>>(q, softmaxes, visible, count, tile, ahead);
    case DType::Q8_0:
      return attend_stored<StoredQ8_0>(q, softmaxes, visible, count, tile, ahead);
    default:
      return attend_stored<StoredF32>(q, softmaxes, visible, count, tile, ahead);
  }
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
