// The family llama: its config.json from and to a DecoderSpec.
#pragma once

#include "models/decoder_spec.h"

namespace jet {

DecoderSpec parse_llama(const Fields& config);
Json write_llama(const DecoderSpec& spec);

}  // namespace jet
