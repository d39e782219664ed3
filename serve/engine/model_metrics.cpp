#include "serve/engine/model_metrics.h"

#include <algorithm>

#include <fmt/format.h>

namespace jet::serve {
namespace {

constexpr std::array kFirstToken{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25, 0.5,
                                 0.75,  1.0,   2.5,  5.0,  7.5,  10.0, 20.0, 40.0, 80.0, 160.0};
constexpr std::array kBetweenTokens{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1,
                                    0.15,  0.2,    0.3,   0.4,  0.5,   0.75, 1.0,   2.5};
constexpr std::array kRequest{0.1, 0.3, 0.5, 0.8,  1.0,  1.5,  2.0,  2.5,   5.0,   10.0,
                              15., 20., 30., 40.0, 50.0, 60.0, 120., 240.0, 480.0, 960.0};

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), counts_(bounds.size() + 1) {}

void Histogram::observe(double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  const std::lock_guard lock(mutex_);
  ++counts_[static_cast<size_t>(bucket)];
  sum_ += value;
}

std::string Histogram::lines(const std::string& name, const std::string& labels) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  uint64_t total = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i];
    const std::string bound = i < bounds_.size() ? fmt::format("{}", bounds_[i]) : "+Inf";
    text += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, bound, total);
  }
  text +=
      fmt::format("{}_sum{{{}}} {}\n{}_count{{{}}} {}\n", name, labels, sum_, name, labels, total);
  return text;
}

ModelMetrics::ModelMetrics()
    : time_to_first_token(kFirstToken),
      inter_token_latency(kBetweenTokens),
      request_latency(kRequest) {}

void ModelMetrics::note(const Output& output, double seconds) {
  request_latency.observe(seconds);
  prompt_tokens += static_cast<uint64_t>(output.prompt_tokens);
  cached_tokens += static_cast<uint64_t>(output.cached_tokens);
  generation_tokens += output.ids.size();
  for (const Answer& other : output.others) generation_tokens += other.ids.size();
  ++finished[static_cast<size_t>(output.finish)];
}

}  // namespace jet::serve
