#include "models/families/common.h"

#include <array>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/expect_only.h"
#include "mixers/registry.h"
#include "models/family.h"

namespace jet {
namespace {

constexpr int64_t kMostLayers = 4096;
constexpr int64_t kWidest = int64_t{1} << 20;
constexpr int64_t kLargestVocabulary = int64_t{1} << 26;
constexpr int64_t kLongest = int64_t{1} << 30;

// Fields of related families that change the mathematics: one that is set cannot be ignored.
constexpr std::array kForeign{
    "quantization_config",    "num_experts",          "num_local_experts",
    "n_routed_experts",       "logit_scale",          "final_logit_softcapping",
    "attn_logit_softcapping", "embedding_multiplier", "residual_multiplier",
    "attention_multiplier",   "logits_scaling",       "query_pre_attn_scalar",
    "kv_lora_rank",           "no_rope_layers",       "use_mrope",
};

bool is_set(const Json& value) { return !value.is_null() && value != Json(false); }

std::optional<RopeScaling> parse_rope_scaling(const Fields& scaling) {
  const auto type = scaling.has("rope_type") ? scaling.string("rope_type")
                                             : scaling.optional_string("type").value_or("default");
  RopeScaling parsed;
  expect_only(scaling,
              {"rope_type", "type", "rope_theta", "factor", "low_freq_factor", "high_freq_factor",
               "original_max_position_embeddings", "partial_rotary_factor"});
  expect_value(scaling, "partial_rotary_factor", 1.0);
  if (type == "default") return std::nullopt;
  if (type == "linear") {
    parsed.kind = RopeScaling::Kind::Linear;
  } else if (type == "llama3") {
    parsed.kind = RopeScaling::Kind::Llama3;
    parsed.low_frequency_factor = scaling.number("low_freq_factor");
    parsed.high_frequency_factor = scaling.number("high_freq_factor");
    parsed.original_context = scaling.integer("original_max_position_embeddings", 1, kLongest);
    if (!(parsed.high_frequency_factor > parsed.low_frequency_factor)) {
      scaling.bad("high_freq_factor", "expected more than low_freq_factor");
    }
  } else {
    scaling.bad("rope_type",
                fmt::format("{} is not known; known are default, linear, llama3", type));
  }
  parsed.factor = scaling.number("factor");
  if (!(parsed.factor >= 1)) scaling.bad("factor", "expected a number of 1 or more");
  return parsed;
}

Json write_rope_scaling(const RopeScaling& scaling) {
  if (scaling.kind == RopeScaling::Kind::Linear)
    return {{"rope_type", "linear"}, {"factor", scaling.factor}};
  return {{"rope_type", "llama3"},
          {"factor", scaling.factor},
          {"low_freq_factor", scaling.low_frequency_factor},
          {"high_freq_factor", scaling.high_frequency_factor},
          {"original_max_position_embeddings", scaling.original_context}};
}

void parse_rope(const Fields& config, ModelShape& shape) {
  // Newer configs gather RoPE's fields in rope_parameters.
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!config.has(key)) continue;
    const Fields section = config.object(key);
    shape.rope_scaling = parse_rope_scaling(section);
    if (const auto theta = section.optional_number("rope_theta")) shape.rope_theta = *theta;
  }
  if (const auto theta = config.optional_number("rope_theta")) shape.rope_theta = *theta;
  if (!(shape.rope_theta > 0)) config.bad("rope_theta", "expected a number above 0");
}

DType parse_stored_type(const Fields& config) {
  const auto text =
      config.has("dtype") ? config.optional_string("dtype") : config.optional_string("torch_dtype");
  if (!text || *text == "bfloat16") return DType::BF16;
  if (*text == "float32") return DType::F32;
  if (*text == "float16") return DType::F16;
  config.bad("torch_dtype",
             fmt::format("{} is not known; known are float32, float16, bfloat16", *text));
}

std::string_view stored_type_name(DType type) {
  return type == DType::F32 ? "float32" : type == DType::F16 ? "float16" : "bfloat16";
}

}  // namespace

DecoderSpec parse_common(const Fields& config, std::string_view family) {
  for (const char* key : kForeign) {
    if (config.has(key) && is_set(config.json().at(key))) {
      config.bad(key, "changes the model in a way that is not known here");
    }
  }
  expect_value(config, "hidden_act", "silu");
  expect_value(config, "mlp_bias", false);
  expect_value(config, "partial_rotary_factor", 1.0);

  DecoderSpec spec;
  spec.family = family;
  ModelShape& shape = spec.shape;
  shape.hidden = config.integer("hidden_size", 1, kWidest);
  shape.heads = config.integer("num_attention_heads", 1, kWidest);
  shape.kv_heads = config.optional_integer("num_key_value_heads", 1, kWidest).value_or(shape.heads);
  if (shape.heads % shape.kv_heads != 0) {
    config.bad("num_key_value_heads", fmt::format("{} does not divide num_attention_heads {}",
                                                  shape.kv_heads, shape.heads));
  }
  const auto head_dim = config.optional_integer("head_dim", 2, kWidest);
  if (!head_dim && shape.hidden % shape.heads != 0) {
    config.bad("num_attention_heads",
               fmt::format("{} does not divide hidden_size {} and there is no head_dim",
                           shape.heads, shape.hidden));
  }
  shape.head_dim = head_dim.value_or(shape.hidden / shape.heads);
  if (shape.head_dim % 2 != 0)
    config.bad("head_dim", fmt::format("{} is odd; RoPE turns pairs", shape.head_dim));
  parse_rope(config, shape);
  shape.norm_eps = config.optional_number("rms_norm_eps").value_or(1e-6);
  if (!(shape.norm_eps >= 0)) config.bad("rms_norm_eps", "expected a number of 0 or more");

  spec.vocabulary = config.integer("vocab_size", 1, kLargestVocabulary);
  spec.max_positions =
      config.optional_integer("max_position_embeddings", 1, kLongest).value_or(2048);
  spec.tied_head = config.boolean("tie_word_embeddings", false);
  spec.initializer_range = config.optional_number("initializer_range").value_or(0.02);
  spec.stored_type = parse_stored_type(config);
  return spec;
}

Json write_common(const DecoderSpec& spec) {
  const ModelShape& shape = spec.shape;
  Json config{
      {"architectures", {std::string(find_family(spec.family).architecture)}},
      {"model_type", spec.family},
      {"hidden_size", shape.hidden},
      {"num_hidden_layers", spec.layers.size()},
      {"num_attention_heads", shape.heads},
      {"num_key_value_heads", shape.kv_heads},
      {"head_dim", shape.head_dim},
      {"intermediate_size", spec.layers.empty() ? 0 : spec.layers.front().mlp_width},
      {"vocab_size", spec.vocabulary},
      {"max_position_embeddings", spec.max_positions},
      {"rms_norm_eps", shape.norm_eps},
      {"rope_theta", shape.rope_theta},
      {"rope_scaling", nullptr},
      {"tie_word_embeddings", spec.tied_head},
      {"hidden_act", "silu"},
      {"initializer_range", spec.initializer_range},
      {"torch_dtype", std::string(stored_type_name(spec.stored_type))},
  };
  if (shape.rope_scaling) config["rope_scaling"] = write_rope_scaling(*shape.rope_scaling);
  return config;
}

int64_t parse_mlp_width(const Fields& config) {
  return config.integer("intermediate_size", 1, kWidest);
}

int64_t parse_layer_count(const Fields& config) {
  return config.integer("num_hidden_layers", 1, kMostLayers);
}

void expect_value(const Fields& config, std::string_view key, const Json& value) {
  if (!config.has(key) || config.json().at(std::string(key)) == value) return;
  config.bad(key, fmt::format("is {}, only {} is known", config.json().at(std::string(key)).dump(),
                              value.dump()));
}

void add_attention_layers(const Fields& config, DecoderSpec& spec) {
  if (config.has("layer_types")) {
    for (const Json& type : config.json().at("layer_types")) {
      if (type != "full_attention") {
        config.bad("layer_types",
                   "names other layers than full_attention; a hybrid's model_type is jet_nemotron");
      }
    }
  }
  const Json none = Json::object();
  const Fields section(none, config.where());
  const std::shared_ptr<const MixerSpec> attention =
      find_mixer_kind("attn").parse(spec.shape, section);
  const auto layers = static_cast<size_t>(parse_layer_count(config));
  spec.layers.assign(layers, {attention, parse_mlp_width(config)});
}

}  // namespace jet
