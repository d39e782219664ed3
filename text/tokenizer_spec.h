// A byte-level BPE tokenizer as a plain value; tokenizer.json and GGUF metadata are two spellings
// of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jet {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = true;  // control token: left out when decoding with skip_special
  bool lstrip = false;  // swallows blanks on its left in the text
  bool rstrip = false;
  bool single_word = false;  // only between word boundaries
  bool normalized = false;   // matched after normalisation
  bool operator==(const AddedToken&) const = default;
};

// How text is split before merging.
enum class PreTokenizer {
  Gpt2,    // GPT-2's pattern
  SmolLm,  // every decimal digit on its own, then GPT-2's pattern: SmolLM2's GGUF files
  Digits,  // every numeric character (also ½) on its own, then GPT-2's pattern: its tokenizer.json
  Qwen2,   // Qwen2's pattern (digits one by one, contractions in any case)
  Llama3,  // Llama 3's pattern (digits by up to three, contractions in any case)
};

struct TokenizerSpec {
  std::vector<std::string>
      tokens;  // by id, in the byte-to-unicode alphabet of GPT-2; added tokens as they are
  std::vector<std::pair<std::string, std::string>> merges;  // by rank
  std::vector<AddedToken> added;
  PreTokenizer pre_tokenizer = PreTokenizer::Gpt2;
  bool normalize_nfc = false;
  bool ignore_merges = false;  // a word that is a token as a whole is that token
  bool add_prefix_space = false;
  std::optional<int32_t> bos;  // begin of text
  std::vector<int32_t> eos;    // end of text, turn or message: generation stops at any of them
  std::optional<int32_t> pad;
  std::optional<int32_t> unk;
  bool add_bos = false;  // a prompt begins with bos (not what a chat template writes)
  bool operator==(const TokenizerSpec&) const = default;
};

}  // namespace jet
