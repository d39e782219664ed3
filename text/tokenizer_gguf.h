// TokenizerSpec from and to GGUF's tokenizer.ggml.* metadata.
#pragma once

#include "io/gguf.h"
#include "text/tokenizer_spec.h"

namespace jet {

bool has_tokenizer(const GgufMetadata& metadata);
// Throws Error naming the key on a model that is not byte-level BPE ("gpt2") or an unknown
// pre-tokenizer.
TokenizerSpec tokenizer_from_gguf(const GgufMetadata& metadata);
void tokenizer_to_gguf(const TokenizerSpec& spec, GgufMetadata& metadata);

}  // namespace jet
