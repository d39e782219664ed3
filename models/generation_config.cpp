#include "models/generation_config.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace jet {
namespace {

constexpr std::array<std::string_view, 13> kApplied{
    "do_sample",          "temperature",          "top_k",       "top_p",        "min_p",
    "typical_p",          "epsilon_cutoff",       "eta_cutoff",  "bos_token_id", "pad_token_id",
    "repetition_penalty", "no_repeat_ngram_size", "eos_token_id"};

// They say how a caller wants a result, not which: lengths are the caller's here.
constexpr std::array<std::string_view, 11> kHarmless{
    "transformers_version", "_from_model_config",  "max_length",
    "max_new_tokens",       "use_cache",           "return_dict_in_generate",
    "output_scores",        "output_logits",       "output_attentions",
    "output_hidden_states", "cache_implementation"};

// Fields for which 1 does nothing; for others null, false, 0 and empty do.
constexpr std::array<std::string_view, 6> kNeutralAtOne{
    "num_beams",      "num_beam_groups", "num_return_sequences",
    "length_penalty", "guidance_scale",  "encoder_repetition_penalty"};

// They tell how a draft model is asked, which makes answers faster, not different.
bool is_of_assistant(std::string_view name) {
  return name.starts_with("assistant_") || name.starts_with("num_assistant_tokens");
}

template <size_t n>
bool holds(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_neutral(std::string_view name, const Json& value) {
  if (value.is_number() && holds(kNeutralAtOne, name)) return value.get<double>() == 1;
  if (value.is_number()) return value.get<double>() == 0;
  return value.is_null() || value == false || value.empty();
}

constexpr int64_t kLargestId = int64_t{1} << 30;

std::optional<int32_t> token_id(const Fields& fields, std::string_view key) {
  const auto id = fields.optional_integer(key, 0, kLargestId);
  if (!id) return std::nullopt;
  return static_cast<int32_t>(*id);
}

// What switches a filter on lies between 0 and 1; files also hold other values, which do not.
std::optional<double> inside_unit(const Fields& fields, std::string_view key, double off) {
  const auto value = fields.optional_number(key);
  if (!value || (*value > 0 && *value < 1)) return value;
  return off;
}

std::vector<int32_t> eos_ids(const Fields& fields) {
  if (!fields.has("eos_token_id")) return {};
  const Json& value = fields.json().at("eos_token_id");
  if (!value.is_array()) return {*token_id(fields, "eos_token_id")};
  std::vector<int32_t> ids;
  for (const Json& id : value) {
    if (!id.is_number_integer() || id < 0 || id > kLargestId) {
      fields.bad("eos_token_id", "expected a token id or a list of them");
    }
    ids.push_back(id.get<int32_t>());
  }
  return ids;
}

}  // namespace

GenerationConfig parse_generation_config(const Json& config, std::string_view where) {
  GenerationConfig parsed = parse_generation_fields(config, where);
  for (const auto& [name, value] : config.items()) {
    if (!holds(kApplied, name)) parsed.others[name] = value.dump();
  }
  return parsed;
}

GenerationConfig parse_generation_fields(const Json& config, std::string_view where) {
  const Fields fields(config, std::string(where));
  GenerationConfig parsed;
  parsed.do_sample = fields.boolean("do_sample", false);
  parsed.temperature = fields.optional_number("temperature");
  parsed.top_k = fields.optional_integer("top_k", 0, kLargestId);
  parsed.top_p = fields.optional_number("top_p");
  parsed.min_p = fields.optional_number("min_p");
  parsed.typical_p = inside_unit(fields, "typical_p", 1);
  parsed.epsilon_cutoff = inside_unit(fields, "epsilon_cutoff", 0);
  parsed.eta_cutoff = inside_unit(fields, "eta_cutoff", 0);
  parsed.no_repeat_ngram_size = fields.optional_integer("no_repeat_ngram_size", 0, kLargestId);
  parsed.repetition_penalty = fields.optional_number("repetition_penalty");
  parsed.bos = token_id(fields, "bos_token_id");
  parsed.pad = token_id(fields, "pad_token_id");
  parsed.eos = eos_ids(fields);
  return parsed;
}

Json generation_config_json(const GenerationConfig& config) {
  Json json = Json::object();
  if (config.bos) json["bos_token_id"] = *config.bos;
  if (config.eos.size() == 1) json["eos_token_id"] = config.eos.front();
  if (config.eos.size() > 1) json["eos_token_id"] = config.eos;
  if (config.pad) json["pad_token_id"] = *config.pad;
  if (config.do_sample) json["do_sample"] = true;
  if (config.temperature) json["temperature"] = *config.temperature;
  if (config.top_k) json["top_k"] = *config.top_k;
  if (config.top_p) json["top_p"] = *config.top_p;
  if (config.min_p) json["min_p"] = *config.min_p;
  if (config.repetition_penalty) json["repetition_penalty"] = *config.repetition_penalty;
  if (config.typical_p) json["typical_p"] = *config.typical_p;
  if (config.epsilon_cutoff) json["epsilon_cutoff"] = *config.epsilon_cutoff;
  if (config.eta_cutoff) json["eta_cutoff"] = *config.eta_cutoff;
  if (config.no_repeat_ngram_size) json["no_repeat_ngram_size"] = *config.no_repeat_ngram_size;
  for (const auto& [name, text] : config.others) json[name] = Json::parse(text);
  return json;
}

std::vector<std::string> unapplied_fields(const GenerationConfig& config) {
  std::vector<std::string> names;
  for (const auto& [name, text] : config.others) {
    const bool is_harmless = holds(kHarmless, name) || is_of_assistant(name);
    if (!is_harmless && !is_neutral(name, Json::parse(text))) names.push_back(name);
  }
  return names;
}

}  // namespace jet
