// TokenizerSpec from and to GGUF's tokenizer.ggml.* metadata.
#pragma once

#include <cstdint>

#include "io/gguf.h"
#include "text/tokenizer_spec.h"

namespace jet {

// Keys under tokenizer.jet that only jet writes and reads, each only where a value is not the one
// that follows from llama.cpp's keys:
//   pre_tokenizer      "digits": Hugging Face's Digits, which also splits off ½; with pre "smollm"
//   normalize_nfc      bool; pre "qwen2" implies true, others false
//   ignore_merges      bool; pre "llama-bpe" implies true, others false
//   added_token_flags  array, one for each control or user-defined token in the order of ids:
//                      1 lstrip + 2 rstrip + 4 single_word + 8 normalized; absent: all 0
//   eos_token_ids      array; absent: eos, eot and eom in that order
// Unused tokens at the end (padding up to the rows of the embedding) are not part of the spec.
bool has_tokenizer(const GgufMetadata& metadata);
// Throws Error naming the key on a model that is not byte-level BPE ("gpt2") or an unknown
// pre-tokenizer.
TokenizerSpec tokenizer_from_gguf(const GgufMetadata& metadata);
// `rows` of the embedding: where there are more of them than tokens, llama.cpp expects unused
// tokens "[PAD<id>]".
void tokenizer_to_gguf(const TokenizerSpec& spec, GgufMetadata& metadata, int64_t rows = 0);

}  // namespace jet
