// What is counted of a model's requests: Prometheus counters and histograms, named as vLLM names
// them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <jet/engine.h>

namespace jet::serve {

class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);  // rising upper bounds, without infinity
  void observe(double value);
  // The lines of _bucket, _sum and _count; `labels` as in `model_name="m"`.
  std::string lines(const std::string& name, const std::string& labels) const;

 private:
  const std::vector<double> bounds_;
  mutable std::mutex mutex_;
  std::vector<uint64_t> counts_;  // of each bound, and beyond the last
  double sum_ = 0;
};

struct ModelMetrics {
  ModelMetrics();
  // A request that ended after so many seconds.
  void note(const Output& output, double seconds);

  Histogram time_to_first_token;  // seconds, from the arrival of the request
  Histogram inter_token_latency;
  Histogram request_latency;
  std::atomic<uint64_t> prompt_tokens{0};
  std::atomic<uint64_t> cached_tokens{0};
  std::atomic<uint64_t> generation_tokens{0};
  std::array<std::atomic<uint64_t>, 4> finished{};  // by FinishReason
};

}  // namespace jet::serve
