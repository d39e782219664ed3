#include "runtime/sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/random.h"

namespace jet {
namespace {

void expect_range(std::string_view option, double value, double least, double most) {
  if (value >= least && value <= most) return;
  fail("{} is {}, expected {} to {}", option, value, least, most);
}

void expect_tokens(std::string_view option, std::span<const int32_t> ids, int64_t vocabulary) {
  for (const int32_t id : ids) {
    if (id < 0 || id >= vocabulary)
      fail("{} holds token {}, the vocabulary ends at {}", option, id, vocabulary - 1);
  }
}

[[noreturn]] void fail_forbidden(int64_t position) {
  fail("every token is forbidden at position {}; allow one", position);
}

// The first of the largest scores.
int32_t greedy(std::span<const float> scores, int64_t position) {
  const auto best = std::ranges::max_element(scores);
  if (!(*best > -std::numeric_limits<float>::infinity())) fail_forbidden(position);
  return static_cast<int32_t>(best - scores.begin());
}

}  // namespace

void check_sampling(const Sampling& sampling, int64_t vocabulary) {
  if (sampling.temperature != 0) expect_range("temperature", sampling.temperature, 1e-5, 1e6);
  expect_range("top_k", static_cast<double>(sampling.top_k), 0, 1e9);
  expect_range("top_p", sampling.top_p, 0, 1);
  expect_range("min_p", sampling.min_p, 0, 1);
  expect_range("typical_p", sampling.typical_p, 1e-9, 1);
  expect_range("epsilon_cutoff", sampling.epsilon_cutoff, 0, 1);
  expect_range("eta_cutoff", sampling.eta_cutoff, 0, 1);
  expect_range("repetition_penalty", sampling.repetition_penalty, 1e-6, 1e6);
  expect_range("presence_penalty", sampling.presence_penalty, -1e6, 1e6);
  expect_range("frequency_penalty", sampling.frequency_penalty, -1e6, 1e6);
  for (const auto& [id, bias] : sampling.logit_bias) {
    expect_tokens("logit_bias", {&id, 1}, vocabulary);
    expect_range("logit_bias", bias, -1e6, 1e6);
  }
  expect_range("no_repeat_ngram", static_cast<double>(sampling.no_repeat_ngram), 0, 1e9);
  expect_range("min_tokens", static_cast<double>(sampling.min_tokens), 0, 1e12);
  expect_tokens("suppress", sampling.suppress, vocabulary);
  for (const std::vector<int32_t>& word : sampling.bad_words) {
    if (word.empty()) fail("bad_words holds an empty sequence; each needs at least one token");
    expect_tokens("bad_words", word, vocabulary);
  }
}

void check_logits(std::span<const float> logits, int64_t position) {
  if (!std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); })) {
    fail("the logits at position {} hold NaN or infinity: the weights or the state are damaged",
         position);
  }
}

int32_t Sampler::choose(std::span<const float> scores, int64_t position) {
  if (sampling_.temperature == 0) return greedy(scores, position);
  filter(sampling_, scores, 1, candidates_);
  if (candidates_.empty()) fail_forbidden(position);
  const float largest = std::ranges::max(candidates_, {}, &Candidate::score).score;
  double total = 0;
  for (const Candidate& candidate : candidates_)
    total += std::exp(static_cast<double>(candidate.score - largest));
  double left = Random(seed_, static_cast<uint64_t>(position)).uniform() * total;
  for (const Candidate& candidate : candidates_) {
    left -= std::exp(static_cast<double>(candidate.score - largest));
    if (left < 0) return candidate.id;
  }
  return candidates_.back().id;  // rounding left a rest
}

}  // namespace jet
