#include "runtime/sampling/log_probabilities.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace jet {

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::ranges::max_element(logits);
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(total);
}

LogProbabilities log_probabilities(std::span<const float> logits, int32_t id, int64_t top) {
  const double norm = log_sum_exp(logits);
  LogProbabilities result{.chosen = static_cast<double>(logits[static_cast<size_t>(id)]) - norm,
                          .top = {}};
  if (top == 0) return result;
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const int64_t count = std::min(top, static_cast<int64_t>(ids.size()));
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), [&](int32_t a, int32_t b) {
    const float left = logits[static_cast<size_t>(a)];
    const float right = logits[static_cast<size_t>(b)];
    return left != right ? left > right : a < b;
  });
  for (int64_t i = 0; i < count; ++i) {
    const int32_t each = ids[static_cast<size_t>(i)];
    result.top.push_back({each, static_cast<double>(logits[static_cast<size_t>(each)]) - norm});
  }
  return result;
}

void log_softmax(std::span<float> logits) {
  const double norm = log_sum_exp(logits);
  for (float& logit : logits) logit = static_cast<float>(static_cast<double>(logit) - norm);
}

}  // namespace jet
