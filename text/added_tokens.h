// Finding added tokens in text: the longest at the leftmost place, as Hugging Face's tokenizers
// does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer_spec.h"

namespace jet {

// A stretch of text: an added token, or what lies between two.
struct TextPiece {
  std::string_view text;
  int32_t id = -1;  // -1: plain text
};

class AddedTokenFinder {
 public:
  // Keeps a copy of what it needs of `tokens`.
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);

  // `text` is well-formed UTF-8. Without `special`, special tokens are plain text (but what lies
  // within one is not searched for others). O(length of the text x length of the longest token).
  std::vector<TextPiece> split(std::string_view text, bool special) const;

 private:
  const AddedToken* longest_at(std::string_view text) const;

  std::vector<AddedToken> tokens_;  // sorted by content
};

}  // namespace jet
