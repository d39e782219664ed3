#include "runtime/sampling/sampler.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace jet {
namespace {

void expect_range(std::string_view option, double value, double least, double most) {
  if (value >= least && value <= most) return;
  fail("{} is {}, expected {} to {}", option, value, least, most);
}

// The first of the largest logits.
int32_t greedy(std::span<const float> logits) {
  return static_cast<int32_t>(std::ranges::max_element(logits) - logits.begin());
}

}  // namespace

void check_sampling(const Sampling& sampling) {
  if (sampling.temperature != 0) expect_range("temperature", sampling.temperature, 1e-5, 1e6);
  expect_range("top_k", static_cast<double>(sampling.top_k), 0, 1e9);
  expect_range("top_p", sampling.top_p, 0, 1);
  expect_range("min_p", sampling.min_p, 0, 1);
  expect_range("repetition_penalty", sampling.repetition_penalty, 1e-6, 1e6);
}

int32_t Sampler::choose(std::span<float> logits, std::span<const int32_t> context,
                        int64_t position) {
  if (std::ranges::any_of(logits, [](float logit) { return std::isnan(logit); })) {
    fail("the logits at position {} hold NaN: the weights or the state are damaged", position);
  }
  if (sampling_.repetition_penalty != 1) penalise(logits, context);
  if (sampling_.temperature == 0) return greedy(logits);

  candidates_.resize(logits.size());
  const auto temperature = static_cast<float>(sampling_.temperature);
  for (size_t id = 0; id < logits.size(); ++id)
    candidates_[id] = {logits[id] / temperature, static_cast<int32_t>(id)};
  keep_top_k();
  if (sampling_.top_p < 1) keep_top_p();
  if (sampling_.min_p > 0) keep_min_p();
  std::ranges::sort(candidates_, {},
                    &Candidate::id);  // one order of summation, however they were cut

  const float largest = std::ranges::max(candidates_, {}, &Candidate::score).score;
  double total = 0;
  for (const Candidate& candidate : candidates_)
    total += std::exp(static_cast<double>(candidate.score - largest));
  double left = Random(sampling_.seed, static_cast<uint64_t>(position)).uniform() * total;
  for (const Candidate& candidate : candidates_) {
    left -= std::exp(static_cast<double>(candidate.score - largest));
    if (left < 0) return candidate.id;
  }
  return candidates_.back().id;  // rounding left a rest
}

void Sampler::penalise(std::span<float> logits, std::span<const int32_t> context) {
  const auto penalty = static_cast<float>(sampling_.repetition_penalty);
  seen_.assign(logits.size(), false);
  for (const int32_t id : context) {
    const auto index = static_cast<size_t>(id);
    if (seen_[index]) continue;
    seen_[index] = true;
    logits[index] = logits[index] < 0 ? logits[index] * penalty : logits[index] / penalty;
  }
}

// Keeps the k likeliest and those that equal the k-th.
void Sampler::keep_top_k() {
  const auto k = static_cast<size_t>(sampling_.top_k);
  if (k == 0 || k >= candidates_.size()) return;
  const auto kth = candidates_.begin() + static_cast<int64_t>(k) - 1;
  std::ranges::nth_element(candidates_, kth, std::greater{}, &Candidate::score);
  const float least = kth->score;
  std::erase_if(candidates_,
                [least](const Candidate& candidate) { return candidate.score < least; });
}

// Keeps the fewest likeliest whose probabilities reach p: the token that crosses p stays.
void Sampler::keep_top_p() {
  std::ranges::sort(candidates_, [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  });
  const float largest = candidates_.front().score;
  double total = 0;
  for (const Candidate& candidate : candidates_)
    total += std::exp(static_cast<double>(candidate.score - largest));
  double before = 0;
  size_t kept = 0;
  while (kept < candidates_.size() && (kept == 0 || before < sampling_.top_p * total)) {
    before += std::exp(static_cast<double>(candidates_[kept].score - largest));
    ++kept;
  }
  candidates_.resize(kept);
}

void Sampler::keep_min_p() {
  const float largest = std::ranges::max(candidates_, {}, &Candidate::score).score;
  const double least = static_cast<double>(largest) + std::log(sampling_.min_p);
  std::erase_if(candidates_, [least](const Candidate& candidate) {
    return static_cast<double>(candidate.score) < least;
  });
}

}  // namespace jet
