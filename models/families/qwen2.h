// The family qwen2: its config.json from and to a DecoderSpec.
#pragma once

#include "models/decoder_spec.h"

namespace jet {

DecoderSpec parse_qwen2(const Fields& config);
Json write_qwen2(const DecoderSpec& spec);

}  // namespace jet
