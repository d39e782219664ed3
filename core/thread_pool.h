// A fixed set of threads that split the outputs of one operation between them.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/function_ref.h"

namespace jet {

class ThreadPool {
 public:
  // `threads` in all, the calling one included; at least 1.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(begin, end, thread) on disjoint ranges that cover [0, n) and returns when all are
  // done; `thread` is in [0, threads()). Ranges are multiples of `grain`, the last aside. One
  // caller at a time; body must not throw. Allocates nothing. A thread that has nothing to do looks
  // for more for some 200 us, so that one short operation after another finds it awake, then
  // sleeps.
  using Body = FunctionRef<void(int64_t begin, int64_t end, int thread)>;
  void parallel_for(int64_t n, int64_t grain, Body body);

 private:
  void work(int thread);
  void run_share(int thread);

  std::vector<std::thread> workers_;
  // The operation: written before round_ is raised, read by workers that have seen it raised.
  const Body* body_ = nullptr;
  int64_t n_ = 0;
  int64_t grain_ = 1;
  bool stop_ = false;
  alignas(64) std::atomic<uint32_t> round_ = 0;
  alignas(64) std::atomic<uint32_t> running_ = 0;  // workers that have not finished the round
};

// Threads this process may run on (its CPU affinity), at least 1.
int available_threads();

}  // namespace jet
