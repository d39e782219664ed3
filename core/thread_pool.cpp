#include "core/thread_pool.h"

#include <algorithm>
#include <system_error>

#include <sched.h>

#include "core/error.h"

namespace jet {
namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Returns when the value has changed: looks for a while, letting others run now and then, then
// sleeps. Waking a sleeper costs some 40 us, which is more than most operations of a decoding step.
void wait_while(const std::atomic<uint32_t>& value, uint32_t old) {
  constexpr int kLooks = 10000;
  constexpr int kYieldEvery = 128;
  for (int i = 1; i <= kLooks; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    if (i % kYieldEvery == 0)
      sched_yield();
    else
      pause();
  }
  value.wait(old, std::memory_order_acquire);
}

void end(std::vector<std::thread>& workers, bool& stop, std::atomic<uint32_t>& round) {
  stop = true;
  round.fetch_add(1, std::memory_order_release);
  round.notify_all();
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  JET_CHECK(threads >= 1);
  try {
    workers_.reserve(static_cast<size_t>(threads - 1));
    for (int thread = 1; thread < threads; ++thread)
      workers_.emplace_back([this, thread] { work(thread); });
  } catch (const std::system_error& error) {
    end(workers_, stop_, round_);
    fail("cannot start {} threads: {}", threads, error.code().message());
  } catch (...) {
    end(workers_, stop_, round_);
    throw;
  }
}

ThreadPool::~ThreadPool() { end(workers_, stop_, round_); }

void ThreadPool::parallel_for(int64_t n, int64_t grain, Body body) {
  if (n <= 0) return;
  if (workers_.empty() || n <= grain) {
    body(0, n, 0);
    return;
  }
  body_ = &body;
  n_ = n;
  grain_ = std::max<int64_t>(grain, 1);
  running_.store(static_cast<uint32_t>(workers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  run_share(0);
  for (uint32_t running = 0; (running = running_.load(std::memory_order_acquire)) != 0;)
    wait_while(running_, running);
}

void ThreadPool::work(int thread) {
  for (uint32_t seen = 0;;) {
    wait_while(round_, seen);
    seen = round_.load(std::memory_order_acquire);
    if (stop_) return;
    run_share(thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
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
