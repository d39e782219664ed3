// Logits of tokens that are given, one sequence at a time: what perplexity, evaluation and tests
// are made of.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/context.h"
#include "models/decoder.h"
#include "runtime/batch_plan.h"
#include "runtime/logits.h"
#include "runtime/state/state_pool.h"

namespace jet {

struct ScorerOptions {
  int threads = 0;      // 0: as many as this process may use
  int64_t context = 0;  // most tokens of the sequence; 0: the model's trained context
  StateTypes types = {};
};

class Scorer {
 public:
  // The decoder must outlive the scorer.
  explicit Scorer(const Decoder& decoder, const ScorerOptions& options = {});

  // Appends tokens to the sequence; logits [n, vocabulary] of all of them, or [1, vocabulary] of
  // the last, valid until the next call. Throws Error on an unknown token or beyond the context.
  ConstTensorView feed(std::span<const int32_t> ids, BatchPlan::Logits wanted);
  void restart();  // an empty sequence
  int64_t tokens() const { return tokens_; }
  const StatePool& pool() const { return pool_; }
  // See DecoderCall::on_hidden; for every feed.
  std::function<void(size_t, ConstTensorView)> on_hidden;

 private:
  const Decoder& decoder_;
  ThreadPool threads_;
  Arena arena_;
  StatePool pool_;
  BatchPlan plan_;
  Logits logits_;
  int32_t slot_ = 0;
  int64_t tokens_ = 0;
};

// Natural-log probability of token `id` under the logits of one row, in float64.
double log_probability(std::span<const float> logits, int32_t id);

struct Perplexity {
  double perplexity = 0;
  int64_t tokens = 0;                 // scored
  std::vector<double> window_losses;  // summed negative log-probability of each window
};

// Windows of `window` tokens from the start, each on its own; every token but a window's first is
// scored. The rest of fewer than `window` tokens is left out unless it is all there is. At most
// `windows` of them, 0: as many as there are. `progress(done, all)` counts tokens; where it returns
// false the result is that of the windows done by then. Throws Error on fewer than two tokens.
Perplexity perplexity(Scorer& scorer, std::span<const int32_t> ids, int64_t window, int64_t windows,
                      const std::function<bool(int64_t, int64_t)>& progress = {});

}  // namespace jet
