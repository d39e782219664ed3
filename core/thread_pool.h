// A fixed set of threads that split the outputs of one operation between them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

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
  // caller at a time; body must not throw.
  using Body = std::function<void(int64_t begin, int64_t end, int thread)>;
  void parallel_for(int64_t n, int64_t grain, const Body& body);

 private:
  void work(int thread);
  void run_share(int thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  const Body* body_ = nullptr;
  int64_t n_ = 0;
  int64_t grain_ = 1;
  uint64_t round_ = 0;
  int running_ = 0;
  bool stop_ = false;
};

// Threads this process may run on (its CPU affinity), at least 1.
int available_threads();

}  // namespace jet
