// Every index is visited once, whatever the sizes, and the pool can be used again and again.
#include "core/thread_pool.h"

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

namespace jet {
namespace {

TEST(ThreadPool, VisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.threads(), threads);
    for (const int64_t n : {0, 1, 2, 5, 63, 64, 65, 1000}) {
      for (const int64_t grain : {1, 3, 64, 2000}) {
        std::vector<std::atomic<int>> visits(static_cast<size_t>(n));
        std::atomic<bool> is_right = true;
        pool.parallel_for(n, grain, [&](int64_t begin, int64_t end, int thread) {
          const bool is_grain = begin % grain == 0 && (end % grain == 0 || end == n);
          if (begin >= end || thread < 0 || thread >= threads || !is_grain) is_right = false;
          for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
        });
        EXPECT_TRUE(is_right) << threads << " threads, n " << n << ", grain " << grain;
        for (const auto& count : visits)
          ASSERT_EQ(count, 1) << threads << " threads, n " << n << ", grain " << grain;
      }
    }
  }
}

TEST(ThreadPool, ResultsAreVisibleWhenParallelForReturns) {
  ThreadPool pool(4);
  std::vector<int64_t> values(
      257);  // plain memory: each round reads what other threads wrote in the last
  for (int64_t round = 0; round < 2000; ++round) {
    pool.parallel_for(257, 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) values[static_cast<size_t>(i)] += i;
    });
    if (round % 500 == 0) {
      for (int64_t i = 0; i < 257; ++i) ASSERT_EQ(values[static_cast<size_t>(i)], i * (round + 1));
    }
  }
}

TEST(ThreadPool, AtLeastOneThreadIsAvailable) { EXPECT_GE(available_threads(), 1); }

TEST(ThreadPoolDeathTest, NeedsAThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(ThreadPool(0), "threads >= 1");
}

}  // namespace
}  // namespace jet
