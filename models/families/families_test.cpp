// Configs of all families: what they mean, and what is refused.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <jet/error.h>

#include "mixers/attention/spec.h"
#include "models/family.h"

namespace jet {
namespace {

using ::testing::HasSubstr;

Json base(const std::string& family) {
  return {{"model_type", family},        {"hidden_size", 64},        {"num_hidden_layers", 2},
          {"num_attention_heads", 4},    {"num_key_value_heads", 2}, {"intermediate_size", 96},
          {"vocab_size", 100},           {"rms_norm_eps", 1e-5},     {"rope_theta", 10000.0},
          {"tie_word_embeddings", true}, {"hidden_act", "silu"}};
}

Json jet_config() {
  Json config = base("jet_nemotron");
  config["layer_types"] = {"jet", "swa"};
  config["efficient_attention_config"] = {{"jet",
                                           {{"num_heads", 2},
                                            {"head_dim", 8},
                                            {"expand_v", 2},
                                            {"conv_size", 4},
                                            {"dconv_generator_reduction", 4},
                                            {"norm_eps", "1e-5"}}},
                                          {"swa", {{"window_size", 16}}}};
  return config;
}

std::string error_of(const Json& config) {
  try {
    parse_decoder_config(config, "config.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Families, DifferInBiasAndNormOnly) {
  const DecoderSpec llama = parse_decoder_config(base("llama"), "c");
  EXPECT_FALSE(llama.shape.attention_bias);
  EXPECT_FALSE(llama.shape.qk_norm);
  EXPECT_EQ(llama.shape.head_dim, 16);
  EXPECT_EQ(llama.layers.size(), 2u);
  EXPECT_TRUE(parse_decoder_config(base("qwen2"), "c").shape.attention_bias);
  EXPECT_TRUE(parse_decoder_config(base("qwen3"), "c").shape.qk_norm);
}

TEST(JetNemotron, NamesEveryLayersMixer) {
  const DecoderSpec spec = parse_decoder_config(jet_config(), "c");
  EXPECT_TRUE(spec.shape.attention_bias);  // the default
  EXPECT_EQ(spec.layers[0].mixer->kind(), "jet");
  EXPECT_EQ(spec.layers[1].mixer->kind(), "swa");
  EXPECT_EQ(dynamic_cast<const AttentionSpec&>(*spec.layers[1].mixer).window, 16);
}

TEST(JetNemotron, ReadsLayerTypesFromAPythonList) {
  Json config = jet_config();
  config["layer_types"] = "['jet', 'swa']";
  EXPECT_TRUE(parse_decoder_config(config, "c") == parse_decoder_config(jet_config(), "c"));
  config["layer_types"] = "['jet'";
  EXPECT_THAT(error_of(config), HasSubstr("layer_types"));
}

TEST(JetNemotron, HybridsOfOtherTeachersSayTheirBiasAndNorm) {
  Json config = jet_config();
  config["attention_bias"] = false;
  config["use_qk_norm"] = true;
  const DecoderSpec spec = parse_decoder_config(config, "c");
  EXPECT_FALSE(spec.shape.attention_bias);
  EXPECT_TRUE(spec.shape.qk_norm);
}

TEST(Families, WriteWhatTheyRead) {
  for (const Json& config : {base("llama"), base("qwen2"), base("qwen3"), jet_config()}) {
    const DecoderSpec spec = parse_decoder_config(config, "c");
    EXPECT_TRUE(parse_decoder_config(decoder_config(spec), "c") == spec);
  }
}

TEST(Families, ReadRopeFromBothPlaces) {
  Json config = base("llama");
  config.erase("rope_theta");
  config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 250000.0}};
  EXPECT_EQ(parse_decoder_config(config, "c").shape.rope_theta, 250000.0);
  config["rope_parameters"] = {{"rope_type", "linear"}, {"factor", 2.0}, {"rope_theta", 250000.0}};
  EXPECT_EQ(parse_decoder_config(config, "c").shape.rope_scaling->factor, 2.0);
}

TEST(Families, RefuseWhatWouldChangeTheMathematics) {
  struct Case {
    std::string family;
    std::function<void(Json&)> change;
    std::string expected;
  };
  const std::vector<Case> cases{
      {"llama", [](Json& c) { c["hidden_act"] = "gelu"; }, "hidden_act"},
      {"llama", [](Json& c) { c["attention_bias"] = true; }, "attention_bias"},
      {"llama", [](Json& c) { c["mlp_bias"] = true; }, "mlp_bias"},
      {"llama",
       [](Json& c) {
         c["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 4}};
       },
       "yarn"},
      {"llama",
       [](Json& c) {
         c["rope_scaling"] = {{"rope_type", "linear"}};
       },
       "factor"},
      {"llama", [](Json& c) { c["partial_rotary_factor"] = 0.5; }, "partial_rotary_factor"},
      {"llama",
       [](Json& c) {
         c["quantization_config"] = {{"bits", 4}};
       },
       "quantization_config"},
      {"llama", [](Json& c) { c["num_experts"] = 8; }, "num_experts"},
      {"qwen2", [](Json& c) { c["use_sliding_window"] = true; }, "use_sliding_window"},
      {"qwen2",
       [](Json& c) {
         c["layer_types"] = {"jet", "attn"};
       },
       "layer_types"},
      {"qwen3", [](Json& c) { c["attention_bias"] = true; }, "attention_bias"},
      {"gpt_neox", [](Json&) {}, "model_type"},
      {"llama", [](Json& c) { c.erase("hidden_size"); }, "hidden_size"},
      {"llama", [](Json& c) { c["hidden_size"] = -4; }, "hidden_size"},
      {"llama", [](Json& c) { c["hidden_size"] = "wide"; }, "hidden_size"},
      {"llama", [](Json& c) { c["num_hidden_layers"] = int64_t{1} << 60; }, "num_hidden_layers"},
      {"llama", [](Json& c) { c["num_hidden_layers"] = 0; }, "num_hidden_layers"},
      {"llama", [](Json& c) { c["num_key_value_heads"] = 3; }, "num_key_value_heads"},
      {"llama",
       [](Json& c) {
         c["num_attention_heads"] = 5;
         c["num_key_value_heads"] = 5;
       },
       "num_attention_heads"},
      {"llama", [](Json& c) { c["head_dim"] = 7; }, "head_dim"},
      {"llama", [](Json& c) { c["rope_theta"] = 0; }, "rope_theta"},
      {"llama", [](Json& c) { c["rms_norm_eps"] = "nan"; }, "rms_norm_eps"},
      {"llama", [](Json& c) { c["torch_dtype"] = "float8"; }, "torch_dtype"},
      {"llama", [](Json& c) { c["vocab_size"] = 1.5; }, "vocab_size"},
      {"llama", [](Json& c) { c["tie_word_embeddings"] = "yes"; }, "tie_word_embeddings"},
  };
  for (const Case& each : cases) {
    Json config = base(each.family);
    each.change(config);
    EXPECT_THAT(error_of(config), HasSubstr(each.expected)) << config.dump();
    EXPECT_THAT(error_of(config), HasSubstr("config.json"));
  }
}

TEST(JetNemotron, RefusesBadLayerLists) {
  const auto with = [](const char* key, const Json& value) {
    Json config = jet_config();
    config[key] = value;
    return error_of(config);
  };
  EXPECT_THAT(with("layer_types", {"jet"}), HasSubstr("names 1 layers"));
  EXPECT_THAT(with("layer_types", {"jet", "rwkv"}), HasSubstr("rwkv"));
  EXPECT_THAT(with("layer_types", {"jet", 3}), HasSubstr("layer_types"));
  EXPECT_THAT(with("layer_types", nullptr), HasSubstr("layer_types"));
  EXPECT_THAT(with("efficient_attention_config", {{"jet", 3}}),
              HasSubstr("efficient_attention_config.jet"));
  EXPECT_THAT(with("efficient_attention_config", {{"jett", Json::object()}}), HasSubstr("jett"));
  EXPECT_THAT(with("efficient_attention_config", Json::object()),
              HasSubstr("efficient_attention_config.jet"));
}

// A section is the mixer's own: what it does not know may change its mathematics.
TEST(JetNemotron, RefusesUnknownFieldsOfAMixersSection) {
  const auto with = [](const char* section, const char* key) {
    Json config = jet_config();
    config["efficient_attention_config"][section][key] = 1;
    return error_of(config);
  };
  EXPECT_THAT(with("jet", "use_gate"),
              HasSubstr("field efficient_attention_config.jet.use_gate: is not known"));
  EXPECT_THAT(with("swa", "window"), HasSubstr("efficient_attention_config.swa.window"));
  EXPECT_EQ(with("jet", "mode"), "no error");
  Json config = jet_config();
  config["layer_types"] = {"jet", "attn"};
  config["efficient_attention_config"]["attn"] = {{"window_size", 4}};
  EXPECT_THAT(error_of(config), HasSubstr("efficient_attention_config.attn.window_size"));
}

TEST(Families, RefuseUnknownFieldsOfRope) {
  Json config = base("llama");
  config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 1e4}};
  EXPECT_EQ(error_of(config), "no error");
  config["rope_parameters"]["partial_rotary_factor"] = 0.5;
  EXPECT_THAT(error_of(config), HasSubstr("rope_parameters.partial_rotary_factor"));
  config["rope_parameters"] = {{"rope_type", "default"}, {"mscale", 2}};
  EXPECT_THAT(error_of(config), HasSubstr("rope_parameters.mscale: is not known"));
}

TEST(Families, IgnoreFieldsThatChangeNothing) {
  Json config = base("llama");
  config["attention_dropout"] = 0.1;
  config["use_cache"] = false;
  config["pretraining_tp"] = 1;
  EXPECT_EQ(error_of(config), "no error");
}

}  // namespace
}  // namespace jet
