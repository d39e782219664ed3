// Llama (arXiv 2307.09288, 2407.21783), SmolLM2: attention without biases or norms on q and k.
#include "models/families/llama.h"

#include <nlohmann/json.hpp>

#include "models/families/common.h"

namespace jet {

DecoderSpec parse_llama(const Fields& config) {
  DecoderSpec spec = parse_common(config, "llama");
  expect_value(config, "attention_bias", false);  // it would put a bias on o as well
  add_attention_layers(config, spec);
  return spec;
}

Json write_llama(const DecoderSpec& spec) {
  Json config = write_common(spec);
  config["attention_bias"] = false;
  return config;
}

}  // namespace jet
