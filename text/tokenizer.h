// Byte-level BPE: text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer_spec.h"

namespace jet {

// Immutable; safe to use from several threads.
class Tokenizer {
 public:
  explicit Tokenizer(TokenizerSpec spec);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  const TokenizerSpec& spec() const;
  int32_t vocabulary() const;  // largest id + 1

  struct EncodeOptions {
    bool special = true;  // recognise special tokens written in the text
  };
  // O(n log n) in the length of the text, whatever it holds; bytes that are not UTF-8 are an Error
  // naming the offset.
  std::vector<int32_t> encode(std::string_view text, const EncodeOptions& options) const;
  std::vector<int32_t> encode(std::string_view text) const { return encode(text, EncodeOptions{}); }

  // The token's bytes: may be part of a UTF-8 character. Throws Error on an id outside the
  // vocabulary.
  std::string_view bytes(int32_t id) const;
  bool is_special(int32_t id) const;
  bool is_eos(int32_t id) const;
  // Of an added token or a vocabulary entry, as spelt.
  std::optional<int32_t> id_of(std::string_view token) const;
  // Ids at or beyond the vocabulary give no text (a model's output may be wider than its
  // tokenizer), negative ones an Error. Bytes that do not form UTF-8 become U+FFFD, one for each
  // maximal part, as Python's errors="replace" does.
  std::string decode(std::span<const int32_t> ids, bool skip_special = false) const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace jet
