// Tensor names in GGUF files: llama.cpp's for what it knows, "blk.N.<mixer>.<name>" for other
// mixers' tensors.
#pragma once

#include <string>
#include <string_view>

#include "models/decoder_spec.h"

namespace jet {

// The GGUF name of a tensor of decoder_tensors(spec).
std::string gguf_name(std::string_view name, const DecoderSpec& spec);

}  // namespace jet
