// Which sampling follows from generation_config.json and the options given.
#include "apps/jet/generation_options.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jet::cli {
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
  const Sampling sampling = choose_sampling(config, {});
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
  GenerationOptions options;
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
  GenerationOptions options;
  options.repeat_penalty = 1.1;
  EXPECT_EQ(choose_sampling({}, options).temperature, 0);
  options.top_p = 0.9;
  EXPECT_EQ(choose_sampling({}, options).temperature, 1);
  options.temperature = 0.3;
  EXPECT_EQ(choose_sampling({}, options).temperature, 0.3);
  EXPECT_EQ(choose_sampling({}, options).top_k, 0);
}

TEST(ReportJson, CountsOnlyWhatWasComputed) {
  Output output;
  output.ids = {1, 2, 3};
  output.prompt_tokens = 10;
  output.cached_tokens = 6;
  output.prompt_seconds = 2;
  output.decode_seconds = 4;
  const Json json = report_json({output, 0.5, 7});
  EXPECT_EQ(json["completion_tokens"], 3);
  EXPECT_EQ(json["finish_reason"], "stop");
  EXPECT_EQ(json["timings"]["prompt_tokens_per_second"], 2.0);  // 4 tokens in 2 s
  EXPECT_EQ(json["timings"]["decode_tokens_per_second"], 0.5);  // 2 tokens after the first in 4 s
  EXPECT_EQ(json["seed"], 7u);
}

}  // namespace
}  // namespace jet::cli
