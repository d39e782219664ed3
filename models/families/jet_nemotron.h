// The family jet_nemotron: its config.json from and to a DecoderSpec.
#pragma once

#include "models/decoder_spec.h"

namespace jet {

DecoderSpec parse_jet_nemotron(const Fields& config);
Json write_jet_nemotron(const DecoderSpec& spec);

}  // namespace jet
