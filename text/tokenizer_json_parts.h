// The parts of tokenizer.json around the model: both directions, so that reader and writer agree.
#pragma once

#include <string_view>

#include "io/json.h"
#include "text/tokenizer_spec.h"

namespace jet {

// Each reads one top-level part of `file` into `spec`, and throws Error naming the field when it is
// not known.
void read_normalizer(const Fields& file, TokenizerSpec& spec);
void read_pre_tokenizer(const Fields& file, TokenizerSpec& spec);
void read_post_processor(const Fields& file,
                         TokenizerSpec& spec);  // after the vocabulary: it names tokens
void read_decoder(const Fields& file);

Json normalizer_json(const TokenizerSpec& spec);
Json pre_tokenizer_json(const TokenizerSpec& spec);
Json post_processor_json(const TokenizerSpec& spec);
Json decoder_json();

}  // namespace jet
