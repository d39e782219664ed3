#include "models/files/gguf_config.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/in_file.h"
#include "models/family.h"
#include "models/files/gguf_numbers.h"
#include "models/files/gguf_rope.h"

namespace jet {
namespace {

constexpr int64_t kLargest = int64_t{1} << 40;

// general.file_type of llama.cpp for models whose matrices are all of one type.
struct FileType {
  int64_t code;
  DType type;
  std::string_view name;
};
constexpr std::array kFileTypes{
    FileType{0, DType::F32, "float32"},
    FileType{1, DType::F16, "float16"},
    FileType{32, DType::BF16, "bfloat16"},
};

Json mixer_field(const GgufValue& value, std::string_view where, std::string_view key) {
  if (value.is_array) fail("{}: key {}: expected one value, not an array", where, key);
  if (value.type == GgufType::Bool) return std::get<GgufValue::Integers>(value.values)[0] != 0;
  if (const auto* integers = std::get_if<GgufValue::Integers>(&value.values))
    return integers->front();
  if (const auto* floats = std::get_if<GgufValue::Floats>(&value.values))
    return meant(floats->front());
  return std::get<GgufValue::Strings>(value.values).front();
}

void set_mixer_field(GgufMetadata& metadata, const std::string& key, const Json& value) {
  if (value.is_boolean()) return metadata.set_boolean(key, value.get<bool>());
  if (value.is_number_integer())
    return metadata.set_integer(key, value.get<int64_t>(), GgufType::I64);
  if (value.is_number()) return metadata.set_number(key, value.get<double>(), GgufType::F64);
  if (value.is_string()) return metadata.set_string(key, value.get<std::string>());
  fail("the mixer field {} is {}, which GGUF metadata cannot hold", key, value.dump());
}

// Keys "<family>.mixer.<kind>.<field>" as efficient_attention_config.
Json mixer_sections(const GgufMetadata& metadata, const std::string& prefix) {
  constexpr int kMostMixerFields = 1000;
  int fields = 0;
  Json sections = Json::object();
  for (const auto& [key, value] : metadata.entries()) {
    if (!key.starts_with(prefix)) continue;
    if (++fields > kMostMixerFields)
      fail("{}: more than {} keys {}...", metadata.where, kMostMixerFields, prefix);
    const std::string rest = key.substr(prefix.size());
    const size_t dot = rest.find('.');
    if (dot == std::string::npos)
      fail("{}: key {}: expected {}<mixer>.<field>", metadata.where, key, prefix);
    sections[rest.substr(0, dot)][rest.substr(dot + 1)] = mixer_field(value, metadata.where, key);
  }
  return sections;
}

int64_t embedding_rows(const Gguf& file) {
  const auto found = std::ranges::find(file.tensors, "token_embd.weight", &NamedTensor::name);
  if (found == file.tensors.end())
    fail("{}: tensor token_embd.weight is missing", file.metadata.where);
  return found->tensor.shape()[0];
}

}  // namespace

Json config_from_gguf(const Gguf& file) {
  const GgufMetadata& metadata = file.metadata;
  const std::string family = metadata.string("general.architecture");
  const std::string_view architecture =
      in_file(metadata.where, [&] { return find_family(family).architecture; });
  const std::string prefix = family + ".";
  const auto integer = [&](const char* key) { return metadata.integer(prefix + key, 1, kLargest); };

  Json config{{"architectures", {std::string(architecture)}}, {"model_type", family}};
  config["hidden_size"] = integer("embedding_length");
  config["num_hidden_layers"] = integer("block_count");
  config["intermediate_size"] = integer("feed_forward_length");
  config["num_attention_heads"] = integer("attention.head_count");
  if (metadata.has(prefix + "attention.head_count_kv"))
    config["num_key_value_heads"] = integer("attention.head_count_kv");
  const int64_t head_dim = metadata.optional_integer(prefix + "attention.key_length", 1, kLargest)
                               .value_or(config["hidden_size"].get<int64_t>() /
                                         config["num_attention_heads"].get<int64_t>());
  config["head_dim"] = head_dim;
  for (const char* key : {"attention.value_length", "rope.dimension_count"}) {
    const auto width = metadata.optional_integer(prefix + key, 1, kLargest);
    if (width && *width != head_dim) {
      fail("{}: key {}{}: {} differs from the head width {}, which is not supported",
           metadata.where, prefix, key, *width, head_dim);
    }
  }
  config["vocab_size"] = embedding_rows(file);
  config["max_position_embeddings"] = integer("context_length");
  config["rms_norm_eps"] = meant(metadata.number(prefix + "attention.layer_norm_rms_epsilon"));
  config["rope_theta"] = meant(metadata.optional_number(prefix + "rope.freq_base").value_or(10000));
  rope_scaling_from_gguf(file, prefix, config);
  config["tie_word_embeddings"] =
      std::ranges::find(file.tensors, "output.weight", &NamedTensor::name) == file.tensors.end();
  config["hidden_act"] = "silu";
  if (const auto range = metadata.optional_number(prefix + "initializer_range"))
    config["initializer_range"] = meant(*range);
  const auto code = metadata.optional_integer("general.file_type", 0, kLargest);
  const auto type = std::ranges::find(kFileTypes, code.value_or(-1), &FileType::code);
  config["torch_dtype"] = std::string(type == kFileTypes.end() ? "bfloat16" : type->name);

  if (const auto bias = metadata.optional_boolean(prefix + "attention.bias"))
    config["attention_bias"] = *bias;
  if (const auto norm = metadata.optional_boolean(prefix + "attention.qk_norm"))
    config["use_qk_norm"] = *norm;
  if (const auto* types = metadata.strings(prefix + "layer_types")) {
    config["layer_types"] = *types;
    config["efficient_attention_config"] = mixer_sections(metadata, prefix + "mixer.");
  }
  return config;
}

void config_to_gguf(const DecoderSpec& spec, GgufMetadata& metadata) {
  const std::string prefix = spec.family + ".";
  const ModelShape& shape = spec.shape;
  metadata.set_string("general.architecture", spec.family);
  const auto type = std::ranges::find(kFileTypes, spec.stored_type, &FileType::type);
  metadata.set_integer("general.file_type", type->code);
  metadata.set_integer(prefix + "block_count", static_cast<int64_t>(spec.layers.size()));
  metadata.set_integer(prefix + "context_length", spec.max_positions);
  metadata.set_integer(prefix + "embedding_length", shape.hidden);
  metadata.set_integer(prefix + "feed_forward_length", spec.layers.front().mlp_width);
  metadata.set_integer(prefix + "vocab_size", spec.vocabulary);
  metadata.set_integer(prefix + "attention.head_count", shape.heads);
  metadata.set_integer(prefix + "attention.head_count_kv", shape.kv_heads);
  metadata.set_integer(prefix + "attention.key_length", shape.head_dim);
  metadata.set_integer(prefix + "attention.value_length", shape.head_dim);
  metadata.set_integer(prefix + "rope.dimension_count", shape.head_dim);
  set_meant(metadata, prefix + "attention.layer_norm_rms_epsilon", shape.norm_eps);
  set_meant(metadata, prefix + "rope.freq_base", shape.rope_theta);
  set_meant(metadata, prefix + "initializer_range", spec.initializer_range);

  const Json config = decoder_config(spec);
  if (!config.contains("layer_types")) return;
  metadata.set_boolean(prefix + "attention.bias", shape.attention_bias);
  metadata.set_boolean(prefix + "attention.qk_norm", shape.qk_norm);
  metadata.set_strings(prefix + "layer_types",
                       config["layer_types"].get<std::vector<std::string>>());
  for (const auto& [kind, section] : config["efficient_attention_config"].items()) {
    for (const auto& [field, value] : section.items()) {
      set_mixer_field(metadata, fmt::format("{}mixer.{}.{}", prefix, kind, field), value);
    }
  }
}

// What GGUF has no key for, as generation_config.json has it.
constexpr const char* kGenerationConfig = "jet.generation_config";

GenerationConfig generation_from_gguf(const GgufMetadata& metadata) {
  constexpr int64_t kLargestId = int64_t{1} << 30;
  GenerationConfig generation;
  generation.temperature = metadata.optional_number("general.sampling.temp");
  generation.top_k = metadata.optional_integer("general.sampling.top_k", 0, kLargestId);
  generation.top_p = metadata.optional_number("general.sampling.top_p");
  generation.min_p = metadata.optional_number("general.sampling.min_p");
  generation.repetition_penalty = metadata.optional_number("general.sampling.penalty_repeat");
  for (auto* number : {&generation.temperature, &generation.top_p, &generation.min_p,
                       &generation.repetition_penalty}) {
    if (*number) *number = meant(**number);
  }
  generation.do_sample = metadata.optional_boolean("jet.sampling.do_sample")
                             .value_or(generation.temperature.value_or(0) > 0);
  const auto id = [&](const char* key) -> std::optional<int32_t> {
    const auto value = metadata.optional_integer(key, 0, kLargestId);
    return value ? std::optional(static_cast<int32_t>(*value)) : std::nullopt;
  };
  generation.bos = id("tokenizer.ggml.bos_token_id");
  generation.pad = id("tokenizer.ggml.padding_token_id");
  if (const auto eos = id("tokenizer.ggml.eos_token_id")) generation.eos.push_back(*eos);
  if (const auto* more = metadata.integers("jet.eos_token_ids")) {
    for (const int64_t each : *more) {
      if (each < 0 || each > kLargestId)
        fail("{}: key jet.eos_token_ids: {} is no token id", metadata.where, each);
      if (std::ranges::find(generation.eos, each) == generation.eos.end())
        generation.eos.push_back(static_cast<int32_t>(each));
    }
  }
  if (const auto text = metadata.optional_string(kGenerationConfig)) {
    const std::string where = fmt::format("{}: key {}", metadata.where, kGenerationConfig);
    const Json json = parse_json(*text, where);
    if (!json.is_object()) fail("{}: expected a JSON object", where);
    GenerationConfig rest = parse_generation_config(json, where);
    generation.typical_p = rest.typical_p;
    generation.epsilon_cutoff = rest.epsilon_cutoff;
    generation.eta_cutoff = rest.eta_cutoff;
    generation.no_repeat_ngram_size = rest.no_repeat_ngram_size;
    generation.others = std::move(rest.others);
  }
  return generation;
}

void generation_to_gguf(const GenerationConfig& generation, GgufMetadata& metadata) {
  if (generation.temperature) set_meant(metadata, "general.sampling.temp", *generation.temperature);
  if (generation.top_k)
    metadata.set_integer("general.sampling.top_k", *generation.top_k, GgufType::I32);
  if (generation.top_p) set_meant(metadata, "general.sampling.top_p", *generation.top_p);
  if (generation.min_p) set_meant(metadata, "general.sampling.min_p", *generation.min_p);
  if (generation.repetition_penalty)
    set_meant(metadata, "general.sampling.penalty_repeat", *generation.repetition_penalty);
  metadata.set_boolean("jet.sampling.do_sample", generation.do_sample);
  if (generation.bos) metadata.set_integer("tokenizer.ggml.bos_token_id", *generation.bos);
  if (generation.pad) metadata.set_integer("tokenizer.ggml.padding_token_id", *generation.pad);
  if (!generation.eos.empty())
    metadata.set_integer("tokenizer.ggml.eos_token_id", generation.eos.front());
  if (generation.eos.size() > 1) {
    metadata.set_integers("jet.eos_token_ids", {generation.eos.begin(), generation.eos.end()});
  }
  GenerationConfig rest;
  rest.typical_p = generation.typical_p;
  rest.epsilon_cutoff = generation.epsilon_cutoff;
  rest.eta_cutoff = generation.eta_cutoff;
  rest.no_repeat_ngram_size = generation.no_repeat_ngram_size;
  rest.others = generation.others;
  const Json json = generation_config_json(rest);
  if (!json.empty()) metadata.set_string(kGenerationConfig, json.dump());
}

}  // namespace jet
