#include "models/generation_config.h"

#include <nlohmann/json.hpp>

namespace jet {
namespace {

constexpr int64_t kLargestId = int64_t{1} << 30;

std::optional<int32_t> token_id(const Fields& fields, std::string_view key) {
  const auto id = fields.optional_integer(key, 0, kLargestId);
  if (!id) return std::nullopt;
  return static_cast<int32_t>(*id);
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
  const Fields fields(config, std::string(where));
  GenerationConfig parsed;
  parsed.do_sample = fields.boolean("do_sample", false);
  parsed.temperature = fields.optional_number("temperature");
  parsed.top_k = fields.optional_integer("top_k", 0, kLargestId);
  parsed.top_p = fields.optional_number("top_p");
  parsed.min_p = fields.optional_number("min_p");
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
  return json;
}

}  // namespace jet
