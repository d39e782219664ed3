// The angles a position of an attention layer turns by, stretched as the config asks.
#pragma once

#include "mixers/mixer.h"

namespace jet {

// [d / 2] float32, radians a position.
Tensor scaled_rope_frequencies(const ModelShape& model);

}  // namespace jet
