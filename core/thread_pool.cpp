#include "core/thread_pool.h"

#include <algorithm>

#include <sched.h>

#include "core/error.h"

namespace jet {

ThreadPool::ThreadPool(int threads) {
  JET_CHECK(threads >= 1);
  for (int thread = 1; thread < threads; ++thread) {
    workers_.emplace_back([this, thread] { work(thread); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::parallel_for(int64_t n, int64_t grain, const Body& body) {
  if (n <= 0) return;
  if (workers_.empty() || n <= grain) {
    body(0, n, 0);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    body_ = &body;
    n_ = n;
    grain_ = std::max<int64_t>(grain, 1);
    running_ = static_cast<int>(workers_.size());
    ++round_;
  }
  start_.notify_all();
  run_share(0);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
}

void ThreadPool::work(int thread) {
  uint64_t seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      seen = round_;
    }
    run_share(thread);
    {
      const std::lock_guard lock(mutex_);
      if (--running_ > 0) continue;
    }
    done_.notify_one();
  }
}

void ThreadPool::run_share(int thread) {
  const int64_t grains = (n_ + grain_ - 1) / grain_;
  const int64_t begin = grains * thread / threads() * grain_;
  const int64_t end = std::min(n_, grains * (thread + 1) / threads() * grain_);
  if (begin < end) (*body_)(begin, end, thread);
}

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace jet
