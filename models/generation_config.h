// What a model's generation_config.json says of sampling and of the tokens that end a text.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "io/json.h"

namespace jet {

struct GenerationConfig {
  bool do_sample = false;
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<int32_t> bos;
  std::optional<int32_t> pad;
  std::vector<int32_t> eos;  // generation stops at any of them
  bool operator==(const GenerationConfig&) const = default;
};

// Reads generation_config.json; the token ids may also stand in config.json, where this reads them
// too. Throws Error naming the field at fault.
GenerationConfig parse_generation_config(const Json& config, std::string_view where);
Json generation_config_json(const GenerationConfig& config);

}  // namespace jet
