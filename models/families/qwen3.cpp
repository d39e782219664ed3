// Qwen3 (arXiv 2505.09388), dense: RMSNorm on q and k, no biases.
#include "models/families/qwen3.h"

#include <nlohmann/json.hpp>

#include "models/families/common.h"

namespace jet {

DecoderSpec parse_qwen3(const Fields& config) {
  DecoderSpec spec = parse_common(config, "qwen3");
  expect_value(config, "attention_bias", false);
  expect_value(config, "use_sliding_window", false);
  spec.shape.qk_norm = true;
  add_attention_layers(config, spec);
  return spec;
}

Json write_qwen3(const DecoderSpec& spec) {
  Json config = write_common(spec);
  config["attention_bias"] = false;
  config["use_sliding_window"] = false;
  return config;
}

}  // namespace jet
