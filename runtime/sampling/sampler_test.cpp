// Sampling: what each option removes, in transformers' order, and what the seed promises.
#include "runtime/sampling/sampler.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include <jet/error.h>

namespace jet {
namespace {

// How often each token is chosen over many positions.
std::map<int32_t, int> draws(const Sampling& sampling, const std::vector<float>& logits,
                             int count = 4000) {
  Sampler sampler(sampling, sampling.seed);
  std::map<int32_t, int> counts;
  for (int position = 0; position < count; ++position) ++counts[sampler.choose(logits, position)];
  return counts;
}

std::vector<float> log_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

TEST(Sampler, GreedyTakesTheFirstOfTheLargest) {
  const Sampling greedy;
  EXPECT_EQ(Sampler(greedy, 0).choose(std::vector<float>{1, 5, 5, 2}, 0), 1);
}

// 4000 draws: three deviations of a frequency are at most 0.024.
TEST(Sampler, DrawsWithTheProbabilitiesOfTheSoftmax) {
  const std::vector<double> p{0.5, 0.25, 0.15, 0.1};
  auto counts = draws({.temperature = 1, .seed = 3}, log_of(p));
  for (size_t i = 0; i < p.size(); ++i)
    EXPECT_NEAR(counts[static_cast<int32_t>(i)] / 4000.0, p[i], 0.024);
}

TEST(Sampler, TemperatureSharpens) {
  // p^2 over its sum: 0.25, 0.0625, 0.0225, 0.01 over 0.345
  auto counts = draws({.temperature = 0.5, .seed = 3}, log_of({0.5, 0.25, 0.15, 0.1}));
  EXPECT_NEAR(counts[0] / 4000.0, 0.25 / 0.345, 0.024);
}

TEST(Sampler, TopKKeepsTheLikeliestAndTies) {
  EXPECT_EQ(draws({.temperature = 1, .top_k = 2}, log_of({0.1, 0.4, 0.3, 0.2})).size(), 2u);
  EXPECT_EQ(draws({.temperature = 1, .top_k = 2}, {1, 1, 1, 0}).size(), 3u);
}

TEST(Sampler, TopPKeepsTheTokenThatCrosses) {
  EXPECT_EQ(draws({.temperature = 1, .top_p = 0.6}, log_of({0.5, 0.3, 0.15, 0.05})).size(), 2u);
  EXPECT_EQ(draws({.temperature = 1, .top_p = 0.4}, log_of({0.5, 0.3, 0.15, 0.05})).size(), 1u);
  EXPECT_EQ(draws({.temperature = 1, .top_p = 0}, log_of({0.3, 0.5, 0.2})).size(), 1u);
}

TEST(Sampler, MinPIsRelativeToTheLargest) {
  // 0.3 * 0.5 = 0.15: 0.14 goes, 0.16 stays.
  const auto counts = draws({.temperature = 1, .min_p = 0.3}, log_of({0.5, 0.14, 0.16, 0.2}));
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_FALSE(counts.contains(1));
}

TEST(Sampler, CutoffsOfZeroAndOneAreOff) {
  const auto logits = log_of({0.5, 0.3, 0.15, 0.05});
  EXPECT_EQ(draws({.temperature = 1, .epsilon_cutoff = 0.2}, logits).size(), 2u);
  // The entropy is 1.14: sqrt(0.3) exp(-1.14) = 0.175, above the last two.
  EXPECT_EQ(draws({.temperature = 1, .eta_cutoff = 0.3}, logits).size(), 2u);
  for (const double off : {0.0, 1.0}) {
    EXPECT_EQ(draws({.temperature = 1, .epsilon_cutoff = off}, logits).size(), 4u) << off;
    EXPECT_EQ(draws({.temperature = 1, .eta_cutoff = off}, logits).size(), 4u) << off;
  }
}

TEST(Sampler, TheSameSeedAndPositionGiveTheSameToken) {
  const auto logits = log_of({0.25, 0.25, 0.25, 0.25});
  const Sampling sampling{.temperature = 1, .seed = 42};
  Sampler forward(sampling, sampling.seed);
  Sampler backward(sampling, sampling.seed);
  std::vector<int32_t> a(50);
  std::vector<int32_t> b(50);
  for (int i = 0; i < 50; ++i) a[static_cast<size_t>(i)] = forward.choose(logits, i);
  for (int i = 49; i >= 0; --i) b[static_cast<size_t>(i)] = backward.choose(logits, i);
  EXPECT_EQ(a, b);
  EXPECT_NE(draws({.temperature = 1, .seed = 1}, logits),
            draws({.temperature = 1, .seed = 2}, logits));
}

TEST(Sampler, RefusesWhatIsNoNumber) {
  EXPECT_THROW(check_logits(std::vector<float>{1, NAN, 2}, 0), Error);
  EXPECT_THROW(check_logits(std::vector<float>{1, 2, INFINITY}, 0), Error);
  check_logits(std::vector<float>{1, 2}, 0);
}

TEST(Sampler, NeverChoosesAForbiddenTokenAndRefusesIfAllAre) {
  for (const Sampling& sampling : {Sampling{}, Sampling{.temperature = 1}}) {
    Sampler sampler(sampling, 0);
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(sampler.choose(std::vector<float>{-INFINITY, -9, -INFINITY}, i), 1);
    EXPECT_THROW(sampler.choose(std::vector<float>(3, -INFINITY), 0), Error);
  }
}

TEST(Sampler, RefusesOptionsOutOfRange) {
  for (const Sampling& bad : {Sampling{.temperature = -1},
                              Sampling{.temperature = NAN},
                              Sampling{.temperature = 1e-9},
                              Sampling{.top_k = -1},
                              Sampling{.top_p = 1.1},
                              Sampling{.top_p = NAN},
                              Sampling{.min_p = -0.1},
                              Sampling{.typical_p = 0},
                              Sampling{.epsilon_cutoff = -1},
                              Sampling{.eta_cutoff = 2},
                              Sampling{.repetition_penalty = 0},
                              Sampling{.presence_penalty = NAN},
                              Sampling{.frequency_penalty = INFINITY},
                              Sampling{.logit_bias = {{100, 1}}},
                              Sampling{.logit_bias = {{0, NAN}}},
                              Sampling{.no_repeat_ngram = -1},
                              Sampling{.bad_words = {{}}},
                              Sampling{.bad_words = {{1, 100}}},
                              Sampling{.min_tokens = -1},
                              Sampling{.suppress = {-1}}}) {
    EXPECT_THROW(check_sampling(bad, 100), Error);
  }
  check_sampling({}, 100);
}

}  // namespace
}  // namespace jet
