#include "runtime/sampling/filters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace jet {
namespace {

using Candidates = std::vector<Candidate>;

// By falling score; of equal ones the lower id first.
bool is_likelier(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

float largest(const Candidates& candidates) {
  return std::ranges::max(candidates, {}, &Candidate::score).score;
}

// Logarithm of the sum of exp(score), over rising ids so that it has one value.
double log_total(Candidates& candidates) {
  std::ranges::sort(candidates, {}, &Candidate::id);
  const double most = largest(candidates);
  double total = 0;
  for (const Candidate& candidate : candidates) total += std::exp(candidate.score - most);
  return most + std::log(total);
}

// The k-th largest score.
float kth_score(Candidates& candidates, size_t k) {
  const auto kth = candidates.begin() + static_cast<int64_t>(std::min(k, candidates.size())) - 1;
  std::nth_element(candidates.begin(), kth, candidates.end(), is_likelier);
  return kth->score;
}

// Keeps the k likeliest and those that equal the k-th.
void keep_top_k(Candidates& candidates, size_t k) {
  if (k >= candidates.size()) return;
  const float least = kth_score(candidates, k);
  std::erase_if(candidates, [least](const Candidate& each) { return each.score < least; });
}

// Keeps the fewest likeliest whose probabilities reach p: the token that crosses p stays.
void keep_top_p(Candidates& candidates, double p, size_t keep) {
  const double norm = log_total(candidates);
  std::ranges::sort(candidates, is_likelier);
  double before = 0;
  size_t kept = 0;
  while (kept < candidates.size() && (kept < keep || before < p)) {
    before += std::exp(candidates[kept].score - norm);
    ++kept;
  }
  candidates.resize(kept);
}

// Keeps scores of at least `least`, and the `keep` likeliest.
void keep_from(Candidates& candidates, double least, size_t keep) {
  const double kth = kth_score(candidates, keep);
  std::erase_if(candidates,
                [&](const Candidate& each) { return each.score < least && each.score < kth; });
}

// Minus the mean logarithm of the probabilities.
double entropy(const Candidates& candidates, double norm) {
  double sum = 0;
  for (const Candidate& each : candidates) {
    const double log_probability = each.score - norm;
    sum -= log_probability * std::exp(log_probability);
  }
  return sum;
}

// Keeps the tokens whose information is nearest to the entropy, until their probabilities reach p
// (Meister et al. 2022, arXiv 2202.00666).
void keep_typical(Candidates& candidates, double p, size_t keep) {
  const double norm = log_total(candidates);
  const double mean = entropy(candidates, norm);
  const auto distance = [&](const Candidate& each) { return std::abs(norm - each.score - mean); };
  std::ranges::sort(candidates, [&](const Candidate& a, const Candidate& b) {
    return distance(a) != distance(b) ? distance(a) < distance(b) : a.id < b.id;
  });
  double reached = 0;
  size_t last = 0;  // the first at which p is reached
  for (; last + 1 < candidates.size(); ++last) {
    reached += std::exp(candidates[last].score - norm);
    if (reached >= p) break;
  }
  const double farthest = distance(candidates[last]);
  size_t kept = std::min(keep, candidates.size());
  while (kept < candidates.size() && distance(candidates[kept]) <= farthest) ++kept;
  candidates.resize(kept);
}

// eta sampling (Hewitt et al. 2022, arXiv 2210.15191).
double eta_threshold(Candidates& candidates, double eta) {
  const double norm = log_total(candidates);
  return std::min(eta, std::sqrt(eta) * std::exp(-entropy(candidates, norm)));
}

// transformers makes an epsilon or eta filter of no other value: 0 and 1 are off.
bool is_cutoff(double value) { return value > 0 && value < 1; }

}  // namespace

void filter(const Sampling& sampling, std::span<const float> scores, size_t keep,
            Candidates& candidates) {
  candidates.clear();
  const auto temperature = static_cast<float>(sampling.temperature);
  for (size_t id = 0; id < scores.size(); ++id) {
    if (scores[id] > -std::numeric_limits<float>::infinity())
      candidates.push_back({scores[id] / temperature, static_cast<int32_t>(id)});
  }
  if (candidates.empty()) return;
  if (sampling.top_k > 0)
    keep_top_k(candidates, std::max(static_cast<size_t>(sampling.top_k), keep));
  if (sampling.top_p < 1) keep_top_p(candidates, sampling.top_p, keep);
  if (sampling.min_p > 0)
    keep_from(candidates, largest(candidates) + std::log(sampling.min_p), keep);
  if (sampling.typical_p < 1) keep_typical(candidates, sampling.typical_p, keep);
  if (is_cutoff(sampling.epsilon_cutoff))
    keep_from(candidates, log_total(candidates) + std::log(sampling.epsilon_cutoff), keep);
  if (is_cutoff(sampling.eta_cutoff)) {
    const double threshold = eta_threshold(candidates, sampling.eta_cutoff);
    keep_from(candidates, log_total(candidates) + std::log(threshold), keep);
  }
  std::ranges::sort(candidates, {}, &Candidate::id);
}

}  // namespace jet
