// What must hold between the parts of a TokenizerSpec.
#pragma once

#include "text/tokenizer_spec.h"

namespace jet {

// Throws Error on ids outside the vocabulary, added tokens that contradict it, and options that do
// not go together.
void check_spec(const TokenizerSpec& spec);

}  // namespace jet
