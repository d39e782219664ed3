// attention against its float64 reference, over caches of every type and layout that hold NaN
// wherever a step must not look.
#include <algorithm>

#include "ops/attention/kernels.h"
#include "ops/kv_append/kv_append.h"
#include "ops/testing/float_cache.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::FloatCache;
using testing::Guarded;
using testing::normals;
using testing::OpContext;
using testing::OwnedBatch;
using testing::same_bits;

struct Sizes {
  int64_t heads, groups, width;
};

// A step over caches in which the positions that it may see, and no others, are numbers.
struct Step {
  Sizes sizes;
  OwnedBatch batch;
  CacheLayout layout;
  int64_t window;
  std::vector<float> q, k, v;
  FloatCache k_cache, v_cache;

  Step(const Sizes& s, const OwnedBatch& b, CacheLayout l, int64_t w, DType type)
      : sizes(s),
        batch(b),
        layout(l),
        window(w),
        q(numbers(s.heads, 1, 2)),
        k(numbers(s.groups, 2, 1)),
        v(numbers(s.groups, 3, 1)),
        k_cache(type, cache_shape()),
        v_cache(type, cache_shape()) {
    const BatchView view = batch.view();
    const auto random = normals(2 * s.groups * s.width * 1000, 4);
    size_t next = 0;
    for (int64_t n = 0; n < view.sequences(); ++n) {
      if (view.slots[n] < 0 || view.offsets[n] == view.offsets[n + 1]) continue;
      const int64_t first = w == 0 ? 0 : std::max<int64_t>(0, view.past[n] - w + 1);
      for (int64_t p = first; p < view.past[n]; ++p) {
        const auto numbers_of_row = static_cast<size_t>(s.groups * s.width);
        const int64_t row = cache_row(view, l, w, n, p) * s.groups * s.width;
        for (FloatCache* cache : {&k_cache, &v_cache}) {
          if (next + numbers_of_row > random.size()) next = 0;
          cache->set(row, std::span(random).subspan(next, numbers_of_row));
          next += numbers_of_row;
        }
      }
    }
  }
  Attention args(TensorView y) {
    const int64_t rows = batch.view().tokens();
    return {.q = view_of(std::as_const(q), Shape{rows, sizes.heads, sizes.width}),
            .k = view_of(std::as_const(k), Shape{rows, sizes.groups, sizes.width}),
            .v = view_of(std::as_const(v), Shape{rows, sizes.groups, sizes.width}),
            .batch = batch.view(),
            .layout = layout,
            .k_cache = k_cache.view(),
            .v_cache = v_cache.view(),
            .window = window,
            .scale = 1 / std::sqrt(static_cast<float>(sizes.width)),
            .y = y};
  }

 private:
  std::vector<float> numbers(int64_t heads, uint64_t seed, double deviation) const {
    return normals(batch.view().tokens() * heads * sizes.width, seed, deviation);
  }
  Shape cache_shape() const {
    const int64_t rows = layout == CacheLayout::Ring
                             ? window * (1 + *std::ranges::max_element(batch.slots))
                             : batch.page_count * batch.page_tokens;
    return {rows, sizes.groups, sizes.width};
  }
};

void run(OpContext& op, const Attention& args) {
  const Arena::Scope scratch(op.arena);
  attention(op.context, args, op.workspace(attention_workspace(op.context, args)));
}

// Scores of deviation 2 carry an error of a few d^1/2 2^-24 that the exponential keeps; the values
// are of order 1 and their weights sum to 1.
constexpr double kTolerance = 4e-6;

void expect_equals_the_reference(Step& step, const char* what) {
  const Shape shape{step.batch.view().tokens(), step.sizes.heads, step.sizes.width};
  const auto expected = attention_reference(step.args({}));
  for (const int threads : {1, 3}) {
    OpContext op(threads);
    Guarded y(shape);
    run(op, step.args(y.view()));
    y.check();
    EXPECT_LT(testing::worst_error(y.values(), expected), kTolerance)
        << what << ", " << threads << " threads, heads " << to_string(shape) << ", window "
        << step.window << ", " << name(step.k_cache.type());
  }
}

// Prompts, decoding steps, parts of prompts, a sequence without rows and one of padding; lengths
// around the 64 positions of a tile and the 16 rows that share one.
OwnedBatch mixed_batch() {
  OwnedBatch batch({1, 1, 5, 70, 17, 0, 3, 1, 33}, {0, 70, 3, 0, 60, 9, 126, 63, 100});
  batch.slots = {2, 0, 8, 3, 1, 6, 5, 4, -1};
  return batch;
}

constexpr Sizes kSizes[] = {{1, 1, 1}, {4, 2, 8}, {3, 1, 64}, {3, 1, 20}, {2, 2, 17}};

TEST(Attention, EqualsTheReferenceOverPages) {
  for (const Sizes& sizes : kSizes) {
    for (const int64_t window : {0, 1, 6, 64, 65}) {
      Step step(sizes, mixed_batch(), CacheLayout::Paged, window, DType::F32);
      expect_equals_the_reference(step, "pages");
    }
  }
}

TEST(Attention, EqualsTheReferenceOverRings) {
  for (const Sizes& sizes : kSizes) {
    for (const int64_t window : {1, 6, 64, 65, 200}) {
      Step step(sizes, mixed_batch(), CacheLayout::Ring, window, DType::F32);
      expect_equals_the_reference(step, "rings");
    }
  }
}

TEST(Attention, ReadsCachesOfEveryType) {
  for (const DType type : {DType::F32, DType::BF16, DType::F16, DType::Q8_0}) {
    for (const CacheLayout layout : {CacheLayout::Paged, CacheLayout::Ring}) {
      for (const int64_t width : {20, 32}) {
        if (width % block_elements(type) != 0) continue;
        Step step({4, 2, width}, mixed_batch(), layout, 65, type);
        expect_equals_the_reference(step, "types");
      }
    }
  }
}

// Beyond the 256 positions of a span: decoding is split over spans, prompts walk through them.
TEST(Attention, EqualsTheReferenceOverSeveralSpans) {
  for (const DType type : {DType::F32, DType::Q8_0}) {
    for (const int64_t window : {0, 300}) {
      Step step({4, 2, 32}, OwnedBatch({1, 3, 20, 1}, {700, 510, 250, 255}), CacheLayout::Paged,
                window, type);
      expect_equals_the_reference(step, "spans");
    }
  }
}

TEST(Attention, GivesZeroForPadding) {
  OwnedBatch batch({2, 1}, {0, 8});
  batch.slots = {-1, -1};
  Step step({4, 2, 8}, batch, CacheLayout::Paged, 0, DType::F32);
  step.batch.pages.assign(step.batch.pages.size(), -1);
  step.q.assign(step.q.size(), std::numeric_limits<float>::quiet_NaN());
  OpContext op(3);
  Guarded y(Shape{3, 4, 8});
  run(op, step.args(y.view()));
  for (const float value : y.values()) EXPECT_EQ(value, 0.0f);
}

TEST(Attention, NeedsNoPagesBeforeItsWindow) {
  Step step({2, 1, 8}, OwnedBatch({1}, {20}), CacheLayout::Paged, 8, DType::F32);
  for (const size_t page : {0, 1, 2}) step.batch.pages[page] = -1;  // positions 0 to 11
  expect_equals_the_reference(step, "pages given back");
}

TEST(Attention, SurvivesScoresBeyondTheExponential) {
  Step step({2, 1, 8}, OwnedBatch({100}, {0}), CacheLayout::Paged, 0, DType::F32);
  for (float& x : step.q) x *= 1000;
  OpContext op;
  Guarded y(Shape{100, 2, 8});
  const Attention args = step.args(y.view());
  run(op, args);
  y.check();
  // Scores of some thousands are rounded by some 2^-12, and so are the weights.
  EXPECT_LT(testing::worst_error(y.values(), attention_reference(args)), 2e-3);
}

TEST(Attention, ANaNReachesThoseAloneThatSeeIt) {
  const Sizes sizes{4, 2, 20};
  constexpr int64_t kTokens = 40, kBad = 21, kWindow = 9;
  for (const int64_t window : {int64_t{0}, kWindow}) {
    Step step(sizes, OwnedBatch({kTokens}, {0}), CacheLayout::Paged, window, DType::F32);
    OpContext op;
    const auto answer = [&] {
      Guarded y(Shape{kTokens, sizes.heads, sizes.width});
      run(op, step.args(y.view()));
      const auto values = y.values();
      return std::vector<float>(values.begin(), values.end());
    };
    const std::vector<float> clean = answer();
    const int64_t row = sizes.groups * sizes.width;
    std::fill_n(step.k.begin() + kBad * row, row, std::numeric_limits<float>::quiet_NaN());
    std::fill_n(step.v.begin() + kBad * row, row, std::numeric_limits<float>::quiet_NaN());
    const std::vector<float> got = answer();
    const auto width = static_cast<size_t>(sizes.heads * sizes.width);
    for (int64_t t = 0; t < kTokens; ++t) {
      const bool sees = t >= kBad && (window == 0 || t < kBad + window);
      for (size_t i = static_cast<size_t>(t) * width; i < static_cast<size_t>(t + 1) * width; ++i) {
        if (sees) {
          EXPECT_TRUE(std::isnan(got[i])) << t;
        } else {
          EXPECT_EQ(got[i], clean[i]) << "row " << t << ", window " << window;
        }
      }
    }
  }
}

// A text of `tokens` positions in steps of `rows`, each appended to the cache; returns all of y.
std::vector<float> in_steps(const Sizes& sizes, int64_t tokens, int64_t rows, CacheLayout layout,
                            int64_t window, int threads, DType type = DType::F32) {
  const int64_t q_row = sizes.heads * sizes.width, k_row = sizes.groups * sizes.width;
  const auto q = normals(tokens * q_row, 1, 2);
  const auto k = normals(tokens * k_row, 2), v = normals(tokens * k_row, 3);
  std::vector<float> y(q.size(), std::numeric_limits<float>::quiet_NaN());
  const OwnedBatch whole({static_cast<int32_t>(tokens)}, {0});
  const int64_t cache_rows =
      layout == CacheLayout::Ring ? window : whole.page_count * whole.page_tokens;
  FloatCache k_cache(type, {cache_rows, sizes.groups, sizes.width});
  FloatCache v_cache(type, {cache_rows, sizes.groups, sizes.width});
  OpContext op(threads);
  for (int64_t past = 0; past < tokens; past += rows) {
    const int64_t now = std::min(rows, tokens - past);
    OwnedBatch batch({static_cast<int32_t>(now)}, {static_cast<int32_t>(past)});
    batch.pages = whole.pages;
    batch.pages_per_sequence = whole.pages_per_sequence;
    const auto part = [&](auto& numbers, int64_t width) {
      return std::span(numbers).subspan(static_cast<size_t>(past * width),
                                        static_cast<size_t>(now * width));
    };
    const ConstTensorView k_part = view_of(part(k, k_row), Shape{now, sizes.groups, sizes.width});
    const ConstTensorView v_part = view_of(part(v, k_row), Shape{now, sizes.groups, sizes.width});
    run(op, {.q = view_of(part(q, q_row), Shape{now, sizes.heads, sizes.width}),
             .k = k_part,
             .v = v_part,
             .batch = batch.view(),
             .layout = layout,
             .k_cache = k_cache.view(),
             .v_cache = v_cache.view(),
             .window = window,
             .scale = 0.3f,
             .y = view_of(part(y, q_row), Shape{now, sizes.heads, sizes.width})});
    kv_append(op.context, {k_part, batch.view(), layout, k_cache.view(), window});
    kv_append(op.context, {v_part, batch.view(), layout, v_cache.view(), window});
  }
  return y;
}

TEST(Attention, CuttingASequenceChangesNoBit) {
  const Sizes sizes{4, 2, 20};
  const int64_t tokens = 80;
  for (const CacheLayout layout : {CacheLayout::Paged, CacheLayout::Ring}) {
    for (const int64_t window : {0, 9, 66}) {
      if (layout == CacheLayout::Ring && window == 0) continue;
      const auto whole = in_steps(sizes, tokens, tokens, layout, window, 1);
      EXPECT_TRUE(std::ranges::none_of(whole, [](float x) { return std::isnan(x); }));
      for (int64_t rows = 1; rows <= tokens; ++rows) {
        EXPECT_TRUE(same_bits(in_steps(sizes, tokens, rows, layout, window, 1), whole))
            << "in steps of " << rows << ", window " << window;
      }
      EXPECT_TRUE(same_bits(in_steps(sizes, tokens, 13, layout, window, 3), whole));
    }
  }
}

// The step's own rows count as the cache will hold them, so cuts show in no type.
TEST(Attention, CuttingASequenceChangesNoBitInAnyType) {
  const Sizes sizes{4, 2, 32};
  for (const DType type : {DType::BF16, DType::F16, DType::Q8_0}) {
    const auto whole = in_steps(sizes, 70, 70, CacheLayout::Paged, 0, 1, type);
    for (const int64_t rows : {1, 7, 64}) {
      EXPECT_TRUE(same_bits(in_steps(sizes, 70, rows, CacheLayout::Paged, 0, 3, type), whole))
          << name(type) << " in steps of " << rows;
    }
  }
}

TEST(Attention, CuttingALongSequenceChangesNoBit) {
  const Sizes sizes{2, 1, 16};
  for (const int64_t window : {0, 300}) {
    const auto whole = in_steps(sizes, 530, 530, CacheLayout::Paged, window, 1);
    for (const int64_t rows : {1, 64})
      EXPECT_TRUE(same_bits(in_steps(sizes, 530, rows, CacheLayout::Paged, window, 3), whole));
  }
}

TEST(Attention, RefusesWhatDoesNotFit) {
  Step step({4, 2, 8}, OwnedBatch({3, 1}, {6, 9}), CacheLayout::Paged, 0, DType::F32);
  std::vector<float> y(4 * 4 * 8);
  const auto error = [&](auto&& change) {
    OpContext op;
    Attention args = step.args(view_of(std::span(y), Shape{4, 4, 8}));
    const auto workspace = op.workspace(attention_workspace(op.context, args));
    change(args);
    return testing::error_of([&] { attention(op.context, args, workspace); });
  };
  EXPECT_EQ(error([](Attention&) {}), "");
  EXPECT_EQ(error([](Attention& args) {
              args.q.shape = Shape{4, 8, 4};
            }),
            "attention: k is f32 [4, 2, 8], expected f32 [4, 2, 4]");
  EXPECT_EQ(error([](Attention& args) {
              args.q.shape = args.y.shape = Shape{4, 5, 8};
            }),
            "attention: 5 heads of queries for 2 of keys, expected a multiple");
  EXPECT_NE(error([](Attention& args) { args.v.shape = Shape{2, 4, 8}; }), "");
  EXPECT_NE(error([](Attention& args) { args.y.shape = Shape{8, 4, 4}; }), "");
  EXPECT_NE(error([](Attention& args) { args.window = -1; }), "");
  EXPECT_NE(error([](Attention& args) { args.layout = CacheLayout::Ring; }), "");
  EXPECT_NE(error([](Attention& args) { args.v_cache.type = DType::I8; }), "");
  EXPECT_EQ(error([](Attention& args) { args.v_cache.type = DType::F16; }),
            "attention: keys are kept in f32, values in f16, expected one type");
  EXPECT_EQ(
      error([](Attention& args) { args.k_cache.type = DType::Q8_0; }),
      "attention: k_cache is q8_0, which needs heads of a multiple of 32 numbers; these have 8");
  EXPECT_NE(error([](Attention& args) { args.k_cache.shape = Shape{4, 2, 8}; }), "");
  EXPECT_NE(error([](Attention& args) { args.batch.pages_per_sequence = 1; }), "");
  EXPECT_NE(error([](Attention& args) { args.batch.page_tokens = 0; }), "");
  step.batch.pages[1] = -1;
  EXPECT_EQ(error([](Attention&) {}),
            "attention: page 1 of sequence 0 is -1, the cache has 6 pages");
  OpContext op;
  EXPECT_NE(testing::error_of([&] {
              attention(op.context, step.args(view_of(std::span(y), Shape{4, 4, 8})), {});
            }),
            "");
}

}  // namespace
}  // namespace jet
