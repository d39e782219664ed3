// Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115), dense: biases on q, k and v.
#include "models/families/qwen2.h"

#include <nlohmann/json.hpp>

#include "models/families/common.h"

namespace jet {

DecoderSpec parse_qwen2(const Fields& config) {
  DecoderSpec spec = parse_common(config, "qwen2");
  expect_value(config, "use_sliding_window", false);
  spec.shape.attention_bias = true;
  add_attention_layers(config, spec);
  return spec;
}

Json write_qwen2(const DecoderSpec& spec) {
  Json config = write_common(spec);
  config["use_sliding_window"] = false;
  return config;
}

}  // namespace jet
