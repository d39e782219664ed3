// Which sampling follows from generation_config.json and the options given.
#include "runtime/sampling/choose_sampling.h"

#include <gtest/gtest.h>

namespace jet {
namespace {

TEST(ChooseSampling, IsGreedyWithoutConfigAndOptions) {
  const Sampling sampling = choose_sampling({}, {});
  EXPECT_EQ(sampling.temperature, 0);
  EXPECT_EQ(sampling.repetition_penalty, 1);
}

GenerationConfig sampling_config() {
  GenerationConfig config;
  config.do_sample = true;
  return config;
}

TEST(ChooseSampling, IsGreedyWhenTheConfigDoesNotSample) {
  GenerationConfig config;
  config.temperature = 0.7;
  config.repetition_penalty = 1.2;
  const Sampling sampling = choose_sampling(config, {});
  EXPECT_EQ(sampling.temperature, 0);
  EXPECT_EQ(sampling.repetition_penalty, 1.2);  // transformers applies it to greedy search too
}

TEST(ChooseSampling, TakesWhatASamplingConfigSays) {
  GenerationConfig config = sampling_config();
  config.temperature = 0.7;
  config.top_p = 0.8;
  config.min_p = 0.1;
  config.typical_p = 0.9;
  config.epsilon_cutoff = 3e-4;
  config.eta_cutoff = 2e-3;
  config.no_repeat_ngram_size = 3;
  const Sampling sampling = choose_sampling(config, {});
  EXPECT_EQ(sampling.typical_p, 0.9);
  EXPECT_EQ(sampling.epsilon_cutoff, 3e-4);
  EXPECT_EQ(sampling.eta_cutoff, 2e-3);
  EXPECT_EQ(sampling.no_repeat_ngram, 3);
  SamplingOptions any;
  any.no_repeat_ngram = 0;
  EXPECT_EQ(choose_sampling(config, any).no_repeat_ngram, 0);
  EXPECT_EQ(sampling.temperature, 0.7);
  EXPECT_EQ(sampling.top_k, 50);  // transformers' default
  EXPECT_EQ(sampling.top_p, 0.8);
  EXPECT_EQ(sampling.min_p, 0.1);
  EXPECT_EQ(choose_sampling(sampling_config(), {}).temperature, 1);
  config.top_k = 20;
  EXPECT_EQ(choose_sampling(config, {}).top_k, 20);
}

TEST(ChooseSampling, LetsOptionsReplaceSingleValues) {
  GenerationConfig config = sampling_config();
  config.temperature = 0.7;
  config.top_k = 20;
  SamplingOptions options;
  options.temperature = 0;
  options.top_p = 0.5;
  options.seed = 9;
  const Sampling sampling = choose_sampling(config, options);
  EXPECT_EQ(sampling.temperature, 0);
  EXPECT_EQ(sampling.top_k, 20);
  EXPECT_EQ(sampling.top_p, 0.5);
  EXPECT_EQ(sampling.seed, 9u);
}

TEST(ChooseSampling, SamplesWhenACutIsAskedFor) {
  SamplingOptions options;
  options.repetition_penalty = 1.1;
  EXPECT_EQ(choose_sampling({}, options).temperature, 0);
  options.top_p = 0.9;
  EXPECT_EQ(choose_sampling({}, options).temperature, 1);
  options.temperature = 0.3;
  EXPECT_EQ(choose_sampling({}, options).temperature, 0.3);
  EXPECT_EQ(choose_sampling({}, options).top_k, 0);
}

}  // namespace
}  // namespace jet
