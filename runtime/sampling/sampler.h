// Choosing the next token from its processed scores: the likeliest, or a draw.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <jet/request.h>

#include "runtime/sampling/filters.h"

namespace jet {

// Throws Error naming the option that is out of range, for a model of `vocabulary` tokens.
void check_sampling(const Sampling& sampling, int64_t vocabulary);

// Throws Error when a logit is not a number: the weights or the state are damaged.
void check_logits(std::span<const float> logits, int64_t position);

// One sequence's choices. Keeps its scratch memory from token to token.
class Sampler {
 public:
  // `seed` is used in the place of sampling's. `sampling` must outlive the sampler.
  Sampler(const Sampling& sampling, uint64_t seed) : sampling_(sampling), seed_(seed) {}

  // The token at `position` of the sequence; the random number is a function of (seed, position)
  // alone. Throws Error when every token is forbidden (-infinity).
  int32_t choose(std::span<const float> scores, int64_t position);

 private:
  const Sampling& sampling_;
  uint64_t seed_;
  std::vector<Candidate> candidates_;
};

}  // namespace jet
