// Which sampling follows from generation_config.json and the options given.
#include "apps/jet/generation_options.h"

#include <gtest/gtest.h>

namespace jet::cli {
namespace {

TEST(ChooseSampling, IsGreedyWithoutConfigAndOptions) {
  const Sampling sampling = choose_sampling({}, {});
  EXPECT_EQ(sampling.temperature, 0);
  EXPECT_EQ(sampling.repetition_penalty, 1);
}

TEST(ChooseSampling, IsGreedyWhenTheConfigDoesNotSample) {
  const GenerationConfig config{.do_sample = false, .temperature = 0.7, .repetition_penalty = 1.2};
  const Sampling sampling = choose_sampling(config, {});
  EXPECT_EQ(sampling.temperature, 0);
  EXPECT_EQ(sampling.repetition_penalty, 1.2);  // transformers applies it to greedy search too
}

TEST(ChooseSampling, TakesWhatASamplingConfigSays) {
  const GenerationConfig config{.do_sample = true, .temperature = 0.7, .top_p = 0.8, .min_p = 0.1};
  const Sampling sampling = choose_sampling(config, {});
  EXPECT_EQ(sampling.temperature, 0.7);
  EXPECT_EQ(sampling.top_k, 50);  // transformers' default
  EXPECT_EQ(sampling.top_p, 0.8);
  EXPECT_EQ(sampling.min_p, 0.1);
  EXPECT_EQ(choose_sampling({.do_sample = true}, {}).temperature, 1);
  EXPECT_EQ(choose_sampling({.do_sample = true, .top_k = 20}, {}).top_k, 20);
}

TEST(ChooseSampling, LetsOptionsReplaceSingleValues) {
  const GenerationConfig config{.do_sample = true, .temperature = 0.7, .top_k = 20};
  const Sampling sampling = choose_sampling(config, {.temperature = 0, .top_p = 0.5, .seed = 9});
  EXPECT_EQ(sampling.temperature, 0);
  EXPECT_EQ(sampling.top_k, 20);
  EXPECT_EQ(sampling.top_p, 0.5);
  EXPECT_EQ(sampling.seed, 9u);
}

TEST(ChooseSampling, SamplesWhenACutIsAskedFor) {
  EXPECT_EQ(choose_sampling({}, {.top_p = 0.9}).temperature, 1);
  EXPECT_EQ(choose_sampling({}, {.repeat_penalty = 1.1}).temperature, 0);
  EXPECT_EQ(choose_sampling({}, {.temperature = 0.3}).top_k, 0);
}

TEST(ReportJson, CountsOnlyWhatWasComputed) {
  const Output output{.ids = {1, 2, 3},
                      .text = "abc",
                      .prompt_tokens = 10,
                      .cached_tokens = 6,
                      .prompt_seconds = 2,
                      .decode_seconds = 4};
  const Json json = report_json({output, 0.5, 7});
  EXPECT_EQ(json["completion_tokens"], 3);
  EXPECT_EQ(json["finish_reason"], "stop");
  EXPECT_EQ(json["timings"]["prompt_tokens_per_second"], 2.0);  // 4 tokens in 2 s
  EXPECT_EQ(json["timings"]["decode_tokens_per_second"], 0.5);  // 2 tokens after the first in 4 s
  EXPECT_EQ(json["seed"], 7u);
}

}  // namespace
}  // namespace jet::cli
