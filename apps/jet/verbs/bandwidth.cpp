#include "apps/jet/verbs/bandwidth.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <vector>

#include "apps/jet/output.h"
#include "core/thread_pool.h"

namespace jet::cli {

double measure_read_bandwidth(int threads) {
  constexpr size_t kWords = (size_t{256} << 20) / sizeof(uint64_t);
  constexpr int kRounds = 5;
  constexpr int64_t kGrain = 4096;
  const std::vector<uint64_t> buffer(kWords, 1);
  ThreadPool pool(threads);
  std::atomic<uint64_t> sum{0};  // keeps the reads from being dropped
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Stopwatch watch;
    pool.parallel_for(static_cast<int64_t>(kWords), kGrain, [&](int64_t begin, int64_t end, int) {
      sum += std::accumulate(buffer.begin() + begin, buffer.begin() + end, uint64_t{0});
    });
    best = std::max(best, static_cast<double>(kWords * sizeof(uint64_t)) / watch.seconds());
  }
  return sum > 0 ? best : 0;
}

}  // namespace jet::cli
