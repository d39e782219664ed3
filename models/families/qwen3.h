// The family qwen3: its config.json from and to a DecoderSpec.
#pragma once

#include "models/decoder_spec.h"

namespace jet {

DecoderSpec parse_qwen3(const Fields& config);
Json write_qwen3(const DecoderSpec& spec);

}  // namespace jet
