#include "runtime/sampling/processors.h"

#include <algorithm>
#include <limits>

namespace jet {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

bool ends_with(std::span<const int32_t> context, std::span<const int32_t> end) {
  return end.size() <= context.size() && std::ranges::equal(context.last(end.size()), end);
}

}  // namespace

LogitsProcessors::LogitsProcessors(const Sampling& sampling, const LogitsHook& hook,
                                   std::span<const int32_t> ends, int64_t prompt_tokens)
    : sampling_(sampling), hook_(hook), ends_(ends), prompt_tokens_(prompt_tokens) {}

void LogitsProcessors::apply(std::span<float> scores, std::span<const int32_t> context) {
  for (const TokenBias& each : sampling_.logit_bias)
    scores[static_cast<size_t>(each.id)] += static_cast<float>(each.bias);
  if (sampling_.repetition_penalty != 1) penalise_repetition(scores, context);
  if (sampling_.presence_penalty != 0 || sampling_.frequency_penalty != 0)
    penalise_presence(scores, context.subspan(static_cast<size_t>(prompt_tokens_)));
  if (sampling_.no_repeat_ngram > 0) forbid_repeated_ngrams(scores, context);
  forbid_bad_words(scores, context);
  if (static_cast<int64_t>(context.size()) - prompt_tokens_ < sampling_.min_tokens) {
    for (const int32_t id : ends_) scores[static_cast<size_t>(id)] = kForbidden;
  }
  for (const int32_t id : sampling_.suppress) scores[static_cast<size_t>(id)] = kForbidden;
  if (hook_) hook_(context, scores);
}

void LogitsProcessors::penalise_repetition(std::span<float> scores,
                                           std::span<const int32_t> context) {
  const auto penalty = static_cast<float>(sampling_.repetition_penalty);
  seen_.assign(scores.size(), false);
  for (const int32_t id : context) {
    const auto index = static_cast<size_t>(id);
    if (seen_[index]) continue;
    seen_[index] = true;
    scores[index] = scores[index] < 0 ? scores[index] * penalty : scores[index] / penalty;
  }
}

void LogitsProcessors::penalise_presence(std::span<float> scores, std::span<const int32_t> answer) {
  counts_.assign(scores.size(), 0);
  for (const int32_t id : answer) ++counts_[static_cast<size_t>(id)];
  for (size_t i = 0; i < scores.size(); ++i) {
    if (counts_[i] == 0) continue;
    scores[i] -=
        static_cast<float>(counts_[i] * sampling_.frequency_penalty + sampling_.presence_penalty);
  }
}

// Forbids whatever followed an earlier occurrence of the last n - 1 tokens.
void LogitsProcessors::forbid_repeated_ngrams(std::span<float> scores,
                                              std::span<const int32_t> context) const {
  const auto n = static_cast<size_t>(sampling_.no_repeat_ngram);
  if (context.size() < n) return;
  const auto last = context.last(n - 1);
  for (size_t at = 0; at + n <= context.size(); ++at) {
    if (std::ranges::equal(context.subspan(at, n - 1), last))
      scores[static_cast<size_t>(context[at + n - 1])] = kForbidden;
  }
}

// An end token alone is never a bad word.
void LogitsProcessors::forbid_bad_words(std::span<float> scores,
                                        std::span<const int32_t> context) const {
  for (const std::vector<int32_t>& word : sampling_.bad_words) {
    const std::span<const int32_t> ids(word);
    if (ids.size() == 1 && std::ranges::find(ends_, ids.front()) != ends_.end()) continue;
    if (ends_with(context, ids.first(ids.size() - 1)))
      scores[static_cast<size_t>(ids.back())] = kForbidden;
  }
}

}  // namespace jet
