// A model's configuration as GGUF metadata. Keys: docs/gguf.md.
#pragma once

#include "io/gguf.h"
#include "models/decoder_spec.h"
#include "models/generation_config.h"

namespace jet {

// The metadata as a Hugging Face config.json of the architecture's family. Throws Error naming the
// key at fault.
Json config_from_gguf(const Gguf& file);
void config_to_gguf(const DecoderSpec& spec, GgufMetadata& metadata);

GenerationConfig generation_from_gguf(const GgufMetadata& metadata);
void generation_to_gguf(const GenerationConfig& generation, GgufMetadata& metadata);

}  // namespace jet
