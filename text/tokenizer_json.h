// TokenizerSpec from and to Hugging Face's tokenizer.json and tokenizer_config.json.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "io/json.h"
#include "text/tokenizer_spec.h"

namespace jet {

// `text` is tokenizer.json; `config` is tokenizer_config.json or null. bos, eos and pad come from
// `config`. Throws Error naming `where` on a tokenizer that is not byte-level BPE, or on a
// normaliser, pre-tokenizer, decoder or post-processor that is not known: a tokenizer is never
// approximated.
TokenizerSpec parse_tokenizer_json(std::string_view text, const Json& config,
                                   std::string_view where);

// The two files' contents, such that parse_tokenizer_json gives the same spec and transformers the
// same ids.
std::string tokenizer_json(const TokenizerSpec& spec);
Json tokenizer_config_json(const TokenizerSpec& spec);

}  // namespace jet
