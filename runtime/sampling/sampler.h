// Choosing the next token from its logits, in transformers' order: repetition penalty, temperature,
// top-k, top-p, min-p.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <jet/engine.h>

namespace jet {

// Throws Error naming the option that is out of range.
void check_sampling(const Sampling& sampling);

// One sequence's choices. Keeps its scratch memory from token to token.
class Sampler {
 public:
  explicit Sampler(const Sampling& sampling) : sampling_(sampling) {}

  // The token at `position` of the sequence; the random number is a function of (seed, position)
  // alone. `logits` [vocabulary] may be changed; `context` holds the tokens that the repetition
  // penalty counts. Throws Error when a logit is NaN.
  int32_t choose(std::span<float> logits, std::span<const int32_t> context, int64_t position);

 private:
  struct Candidate {
    float score;
    int32_t id;
  };
  void penalise(std::span<float> logits, std::span<const int32_t> context);
  void keep_top_k();
  void keep_top_p();
  void keep_min_p();

  Sampling sampling_;
  std::vector<Candidate> candidates_;
  std::vector<bool> seen_;
};

}  // namespace jet
