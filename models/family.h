// Model families: what a config.json's model_type means.
#pragma once

#include <span>
#include <string_view>

#include "models/decoder_spec.h"

namespace jet {

struct Family {
  std::string_view name;          // model_type, and general.architecture of a GGUF file
  std::string_view architecture;  // "LlamaForCausalLM"
  DecoderSpec (*parse)(const Fields& config);
  Json (*write)(const DecoderSpec& spec);
  bool gguf_permutes_rope =
      false;  // GGUF files hold the rows of q and k in the order of interleaved RoPE
};

std::span<const Family> families();
// Throws Error naming the known families.
const Family& find_family(std::string_view name);

// Picks the family by the config's model_type and reads the rest. Throws Error naming the field at
// fault, also for a field that changes the mathematics and is not known; other unknown fields are
// ignored.
DecoderSpec parse_decoder_config(const Json& config, std::string_view where);

}  // namespace jet
