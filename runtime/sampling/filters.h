// What removes tokens from the draw, in transformers' order: temperature, top_k, top_p, min_p,
// typical_p, epsilon_cutoff, eta_cutoff.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <jet/request.h>

namespace jet {

struct Candidate {
  float score;
  int32_t id;
};

// The tokens that may be drawn, by rising id, with their scores over the temperature; `scores` of
// -infinity are forbidden. Each step keeps at least `keep` of those it gets. No token of
// probability 0 is kept. Empty when all are forbidden.
void filter(const Sampling& sampling, std::span<const float> scores, size_t keep,
            std::vector<Candidate>& candidates);

}  // namespace jet
