// generation_config.json: what is applied, what is kept for others, what is named as not applied.
#include "models/generation_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/files/gguf_config.h"

namespace jet {
namespace {

const Json kAll{
    {"do_sample", true},         {"temperature", 0.5},       {"typical_p", 0.75},
    {"epsilon_cutoff", 0.25},    {"eta_cutoff", 0.125},      {"no_repeat_ngram_size", 3},
    {"bos_token_id", 1},         {"num_beams", 4},           {"length_penalty", 1.0},
    {"early_stopping", false},   {"diversity_penalty", 0.0}, {"suppress_tokens", nullptr},
    {"bad_words_ids", {{1, 2}}}, {"max_length", 20},         {"transformers_version", "4.51.3"}};

TEST(GenerationConfig, KeepsEveryField) {
  const GenerationConfig config = parse_generation_config(kAll, "test");
  EXPECT_EQ(config.typical_p, 0.75);
  EXPECT_EQ(config.epsilon_cutoff, 0.25);
  EXPECT_EQ(config.eta_cutoff, 0.125);
  EXPECT_EQ(config.no_repeat_ngram_size, 3);
  const Json again = generation_config_json(config);
  EXPECT_EQ(again.size(), kAll.size());
  for (const auto& [name, value] : again.items()) EXPECT_EQ(value, kAll.at(name)) << name;
}

TEST(GenerationConfig, SwitchesFiltersOutsideOfZeroToOneOff) {
  for (const double off : {-1.0, 0.0, 1.0, 1.5, 50.0}) {
    const Json json{{"typical_p", off}, {"epsilon_cutoff", off}, {"eta_cutoff", off}};
    const GenerationConfig config = parse_generation_config(json, "test");
    EXPECT_EQ(config.typical_p, 1) << off;
    EXPECT_EQ(config.epsilon_cutoff, 0) << off;
    EXPECT_EQ(config.eta_cutoff, 0) << off;
  }
  EXPECT_EQ(parse_generation_config(Json{{"typical_p", nullptr}}, "test").typical_p, std::nullopt);
}

TEST(GenerationConfig, GoesThroughGguf) {
  const GenerationConfig config = parse_generation_config(kAll, "test");
  GgufMetadata metadata;
  generation_to_gguf(config, metadata);
  EXPECT_EQ(generation_from_gguf(metadata), config);
}

TEST(GenerationConfig, NamesWhatWouldChangeAResultAndIsNotApplied) {
  EXPECT_THAT(unapplied_fields(parse_generation_config(kAll, "test")),
              ::testing::ElementsAre("bad_words_ids", "num_beams"));
  const Json beams{{"num_beams", 1}, {"length_penalty", 0.0}, {"early_stopping", "never"}};
  EXPECT_THAT(unapplied_fields(parse_generation_config(beams, "test")),
              ::testing::ElementsAre("early_stopping", "length_penalty"));
  const Json drafts{{"guidance_scale", 1.0},
                    {"assistant_confidence_threshold", 0.4},
                    {"num_assistant_tokens", 20},
                    {"num_assistant_tokens_schedule", "constant"}};
  EXPECT_THAT(unapplied_fields(parse_generation_config(drafts, "test")), ::testing::IsEmpty());
  EXPECT_THAT(unapplied_fields(parse_generation_config(Json{{"guidance_scale", 1.5}}, "test")),
              ::testing::ElementsAre("guidance_scale"));
  // In a config.json they are the model's.
  EXPECT_TRUE(parse_generation_fields(kAll, "test").others.empty());
}

}  // namespace
}  // namespace jet
