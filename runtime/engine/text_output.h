// The text of an answer as it grows: whole characters, no special tokens, cut before the first stop
// string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"
#include "text/utf8_stream.h"

namespace jet {

class TextOutput {
 public:
  // `tokenizer` may be null: then there is no text, and stop strings never match.
  TextOutput(const Tokenizer* tokenizer, std::vector<std::string> stop);

  // The text that became certain by this token: what might still begin a stop string is held back.
  // Valid until the next call.
  std::string_view push(int32_t id);
  // What was held back; nothing after a stop string.
  std::string_view finish();
  // Takes memory for an answer of so many tokens.
  void reserve(int64_t tokens);
  bool stopped() const { return stopped_; }
  const std::string& text() const { return text_; }  // all that push and finish gave

 private:
  std::string_view release();
  std::string_view give(size_t bytes);  // of what is held, to the text

  const Tokenizer* tokenizer_;
  std::vector<std::string> stop_;
  Utf8Stream characters_;
  std::string held_;
  std::string text_;
  bool stopped_ = false;
};

}  // namespace jet
