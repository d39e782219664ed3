// What changes the scores of the next token before one is chosen, greedy or not, in transformers'
// order: logit_bias, repetition penalty (then OpenAI's presence and frequency penalties),
// no_repeat_ngram, bad_words, min_tokens, suppress, the caller's hook.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <jet/request.h>

namespace jet {

class LogitsProcessors {
 public:
  // `ends`: the model's end tokens. `prompt_tokens`: of the context, before the first chosen one.
  // The arguments must outlive the processors.
  LogitsProcessors(const Sampling& sampling, const LogitsHook& hook, std::span<const int32_t> ends,
                   int64_t prompt_tokens);

  // `scores` [vocabulary]: logits or log-probabilities; forbidden tokens become -infinity.
  // `context`: the prompt and what was chosen. Cost: O(vocabulary) and, for the penalties and
  // no_repeat_ngram, O(context).
  void apply(std::span<float> scores, std::span<const int32_t> context);

 private:
  void penalise_repetition(std::span<float> scores, std::span<const int32_t> context);
  void penalise_presence(std::span<float> scores, std::span<const int32_t> answer);
  void forbid_repeated_ngrams(std::span<float> scores, std::span<const int32_t> context) const;
  void forbid_bad_words(std::span<float> scores, std::span<const int32_t> context) const;

  const Sampling& sampling_;
  const LogitsHook& hook_;
  std::span<const int32_t> ends_;
  int64_t prompt_tokens_;
  std::vector<bool> seen_;
  std::vector<int32_t> counts_;  // by token
};

}  // namespace jet
