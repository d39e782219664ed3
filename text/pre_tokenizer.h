// Splitting text into the words that are merged one by one.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "text/tokenizer_spec.h"

namespace jet {

// A compiled pattern. Immutable; safe to use from several threads.
class WordPattern {
 public:
  explicit WordPattern(PreTokenizer pre_tokenizer);
  ~WordPattern();
  WordPattern(WordPattern&&) noexcept;
  WordPattern& operator=(WordPattern&&) noexcept;

 private:
  friend class WordSplitter;
  struct Code;
  std::unique_ptr<const Code> code_;
};

// One caller's words, text after text. Every byte of a text is in exactly one word.
class WordSplitter {
 public:
  explicit WordSplitter(const WordPattern& pattern);
  ~WordSplitter();
  WordSplitter(const WordSplitter&) = delete;
  WordSplitter& operator=(const WordSplitter&) = delete;

  // `text` is well-formed UTF-8 and must live until its last word is read.
  void start(std::string_view text);
  // The next word; nullopt at the end.
  std::optional<std::string_view> next();

 private:
  struct Match;
  const WordPattern::Code& code_;
  std::unique_ptr<Match> match_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace jet
