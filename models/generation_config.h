// What a model's generation_config.json says of sampling and of the tokens that end a text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/json.h"

namespace jet {

struct GenerationConfig {
  bool do_sample = false;
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> typical_p;
  std::optional<double> epsilon_cutoff;
  std::optional<double> eta_cutoff;
  std::optional<double> repetition_penalty;
  std::optional<int64_t> no_repeat_ngram_size;
  std::optional<int32_t> bos;
  std::optional<int32_t> pad;
  std::vector<int32_t> eos;                   // generation stops at any of them
  std::map<std::string, std::string> others;  // fields that nothing here applies, with their JSON
  bool operator==(const GenerationConfig&) const = default;
};

// Reads generation_config.json. Throws Error naming the field at fault. A typical_p, epsilon_cutoff
// or eta_cutoff that does not lie between 0 and 1 is off, as in transformers: 1, 0 and 0.
GenerationConfig parse_generation_config(const Json& config, std::string_view where);
// The same fields in a config.json, where the token ids may also stand; without others.
GenerationConfig parse_generation_fields(const Json& config, std::string_view where);
Json generation_config_json(const GenerationConfig& config);

// Of the others, the names of those that would change what is generated: neither descriptions and
// limits of a call's output nor of a value that does nothing.
std::vector<std::string> unapplied_fields(const GenerationConfig& config);

}  // namespace jet
