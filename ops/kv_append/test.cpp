// kv_append: which rows of a cache a step writes, and what into them.
#include "ops/kv_append/kernels.h"
#include "ops/testing/float_cache.h"
#include "ops/testing/op_test.h"

namespace jet {
namespace {

using testing::FloatCache;
using testing::normals;
using testing::OpContext;
using testing::OwnedBatch;

constexpr int64_t kGroups = 2, kWidth = 5;

Shape row_shape(const OwnedBatch& batch) { return {batch.view().tokens(), kGroups, kWidth}; }

// Expects row `row` of the cache to hold row `t` of the step in the cache's type.
void expect_row(const FloatCache& cache, int64_t row, const std::vector<float>& rows, int64_t t) {
  const auto expected = FloatCache::rounded(
      std::span(rows).subspan(static_cast<size_t>(t * kGroups * kWidth), kGroups * kWidth),
      cache.type());
  for (int64_t i = 0; i < kGroups * kWidth; ++i) {
    ASSERT_EQ(cache.at(row * kGroups * kWidth + i), expected[static_cast<size_t>(i)])
        << "row " << row << " of " << t;
  }
}

TEST(KvAppend, WritesEachRowIntoItsPage) {
  OwnedBatch batch({3, 1, 6, 0}, {0, 7, 3, 5});
  batch.slots = {2, 9, 0, 1};  // pages know no slots
  const BatchView view = batch.view();
  const auto rows = normals(row_shape(batch).elements(), 1);
  for (const DType type : {DType::F32, DType::BF16, DType::F16}) {
    for (const int threads : {1, 3}) {
      OpContext op(threads);
      FloatCache cache(type, {batch.page_count * batch.page_tokens, kGroups, kWidth});
      kv_append(op.context,
                {view_of(rows, row_shape(batch)), view, CacheLayout::Paged, cache.view()});
      int64_t written = 0;
      for (int64_t n = 0; n < view.sequences(); ++n) {
        for (int64_t t = view.offsets[n]; t < view.offsets[n + 1]; ++t, ++written) {
          const int64_t position = view.past[n] + t - view.offsets[n];
          expect_row(cache, cache_row(view, CacheLayout::Paged, 0, n, position), rows, t);
        }
      }
      EXPECT_EQ(cache.numbers(), written * kGroups * kWidth) << "other rows were written";
    }
  }
}

TEST(KvAppend, WritesBlocksOfEightBits) {
  const OwnedBatch batch({2}, {3});
  const Shape shape{2, 3, 64};
  const auto rows = normals(shape.elements(), 1);
  OpContext op;
  FloatCache cache(DType::Q8_0, {8, 3, 64});
  kv_append(op.context, {view_of(rows, shape), batch.view(), CacheLayout::Paged, cache.view()});
  const auto expected = FloatCache::rounded(rows, DType::Q8_0);
  for (int64_t i = 0; i < shape.elements(); ++i)
    ASSERT_EQ(cache.at(3 * 3 * 64 + i), expected[static_cast<size_t>(i)]);
  EXPECT_EQ(cache.numbers(), shape.elements()) << "other rows were written";
}

TEST(KvAppend, KeepsTheLastRowsInARing) {
  const int64_t window = 4;
  OwnedBatch batch({3, 2, 9, 4, 1}, {0, 3, 6, 1, 0});
  batch.slots = {2, 0, 3, 1, -1};
  const BatchView view = batch.view();
  const auto rows = normals(row_shape(batch).elements(), 2);
  for (const int threads : {1, 3}) {
    OpContext op(threads);
    FloatCache cache(DType::F32, {5 * window, kGroups, kWidth});
    kv_append(op.context,
              {view_of(rows, row_shape(batch)), view, CacheLayout::Ring, cache.view(), window});
    for (const int64_t t : {0, 1, 2}) expect_row(cache, 2 * window + t, rows, t);
    expect_row(cache, 3, rows, 3);  // position 3
    expect_row(cache, 0, rows, 4);  // position 4
    for (const int64_t t : {10, 11, 12, 13}) {
      const int64_t position = 6 + t - 5;
      expect_row(cache, 3 * window + position % window, rows, t);
    }
    for (const int64_t t : {14, 15, 16, 17})
      expect_row(cache, 1 * window + (1 + t - 14) % window, rows, t);
    EXPECT_EQ(cache.numbers(), (3 + 2 + 4 + 4) * kGroups * kWidth) << "other rows were written";
  }
}

TEST(KvAppend, WritesNothingForPadding) {
  OpContext op;
  OwnedBatch batch({2}, {0});
  batch.slots = {-1};
  batch.pages.assign(batch.pages.size(), -1);
  const auto rows = normals(row_shape(batch).elements(), 1);
  FloatCache cache(DType::F32, {4, kGroups, kWidth});
  kv_append(op.context,
            {view_of(rows, row_shape(batch)), batch.view(), CacheLayout::Paged, cache.view()});
  EXPECT_EQ(cache.numbers(), 0);
}

TEST(KvAppend, RefusesWhatDoesNotFit) {
  OpContext op;
  const auto rows = normals(6 * kGroups * kWidth, 1);
  const auto error = [&](const OwnedBatch& batch, const Shape& shape, CacheLayout layout,
                         int64_t window, DType type = DType::F32) {
    return testing::error_of([&] {
      Tensor cache(type, shape);
      kv_append(op.context, {view_of(rows, Shape{6, kGroups, kWidth}), batch.view(), layout,
                             cache.mutable_view(), window});
    });
  };
  const Shape shape{12, kGroups, kWidth};
  const OwnedBatch good({6}, {5});  // three pages of four
  EXPECT_EQ(error(good, shape, CacheLayout::Paged, 0), "");
  EXPECT_EQ(error(good, shape, CacheLayout::Ring, 6), "");
  EXPECT_EQ(error(good, shape, CacheLayout::Ring, 0),
            "kv_append: a ring of 0 rows, expected at least 1");
  EXPECT_EQ(error(good, shape, CacheLayout::Ring, 5),
            "kv_append: cache has 12 rows, expected a multiple of the window 5");
  EXPECT_EQ(error(good, {12, kWidth, kGroups}, CacheLayout::Paged, 0),
            "kv_append: cache is f32 [12, 5, 2], expected f32, bf16, f16 or q8_0 [rows, 2, 5]");
  EXPECT_NE(error(good, shape, CacheLayout::Paged, 0, DType::I32), "");
  EXPECT_EQ(error(OwnedBatch({5}, {5}), shape, CacheLayout::Paged, 0),
            "kv_append: the batch has 5 rows, the tensors 6");

  OwnedBatch bad = good;
  bad.pages[2] = -1;
  EXPECT_EQ(error(bad, shape, CacheLayout::Paged, 0),
            "kv_append: page 2 of sequence 0 is -1, the cache has 3 pages");
  bad.pages[2] = 3;
  EXPECT_NE(error(bad, shape, CacheLayout::Paged, 0), "");
  bad = good;
  bad.pages[0] = -1;  // holds none of the step's positions
  EXPECT_EQ(error(bad, shape, CacheLayout::Paged, 0), "");
  bad = good;
  bad.past[0] = 7;
  EXPECT_EQ(error(bad, shape, CacheLayout::Paged, 0),
            "kv_append: sequence 0 reaches position 12, its 3 pages end at 12");
  bad = good;
  bad.pages.pop_back();
  EXPECT_NE(error(bad, shape, CacheLayout::Paged, 0), "");
  bad = good;
  bad.slots[0] = 2;
  EXPECT_EQ(error(bad, shape, CacheLayout::Ring, 6),
            "kv_append: sequence 0 has slot 2, the state has 2 slots");
}

}  // namespace
}  // namespace jet
