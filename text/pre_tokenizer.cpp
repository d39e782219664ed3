// The patterns, run by PCRE2. Each covers every character, so that matches follow one another
// without gaps, and looks back over a run of blanks at most once per match, so that time is linear.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pre_tokenizer.h"

#include <cstdint>
#include <string>

#include <pcre2.h>

#include "core/error.h"
#include "text/unicode_classes.h"

namespace jet {
namespace {

// Hugging Face's patterns with their classes spelt out: {L} letters, {N} numbers, {d} decimal
// digits, {o} other numbers, {s} blanks. Digits that are split off beforehand become an
// alternative; the words before them end there, so "not followed by a non-blank" has to count a
// digit as an end.
constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?[{L}]+| ?[{N}]+| ?[^{s}{L}{N}]+|[{s}]+(?![^{s}])|[{s}]+)";
constexpr std::string_view kSmolLm =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?[{L}]+|[{d}]| ?[{o}]+| ?[^{s}{L}{N}]+|[{s}]+(?![^{s}{d}])|[{s}]+)";
constexpr std::string_view kDigits =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?[{L}]+|[{N}]| ?[^{s}{L}{N}]+|[{s}]+(?![^{s}{N}])|[{s}]+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n{L}{N}]?[{L}]+|[{N}]| ?[^{s}{L}{N}]+[\r\n]*)"
    R"(|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)";
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n{L}{N}]?[{L}]+|[{N}]{1,3}| ?[^{s}{L}{N}]+[\r\n]*)"
    R"(|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)";

std::string_view source_of(PreTokenizer pre_tokenizer) {
  switch (pre_tokenizer) {
    case PreTokenizer::Gpt2:
      return kGpt2;
    case PreTokenizer::SmolLm:
      return kSmolLm;
    case PreTokenizer::Digits:
      return kDigits;
    case PreTokenizer::Qwen2:
      return kQwen2;
    case PreTokenizer::Llama3:
      return kLlama3;
  }
  fail("tokenizer: pre-tokenizer {} is not known", static_cast<int>(pre_tokenizer));
}

void replace_all(std::string& text, std::string_view mark, std::string_view by) {
  for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += by.size()) {
    text.replace(at, mark.size(), by);
  }
}

std::string pattern_of(PreTokenizer pre_tokenizer) {
  std::string pattern(source_of(pre_tokenizer));
  replace_all(pattern, "{N}", "{d}{o}");
  replace_all(pattern, "{L}", kLetters);
  replace_all(pattern, "{d}", kDecimals);
  replace_all(pattern, "{o}", kOtherNumbers);
  replace_all(pattern, "{s}", kBlanks);
  return pattern;
}

}  // namespace

struct WordPattern::Code {
  pcre2_code* code = nullptr;

  ~Code() { pcre2_code_free(code); }
};

WordPattern::WordPattern(PreTokenizer pre_tokenizer) {
  const std::string pattern = pattern_of(pre_tokenizer);
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                             PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &error, &offset, nullptr);
  JET_CHECK(code->code != nullptr);
  pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);  // where it cannot, matching interprets
  code_ = std::move(code);
}

WordPattern::~WordPattern() = default;
WordPattern::WordPattern(WordPattern&&) noexcept = default;
WordPattern& WordPattern::operator=(WordPattern&&) noexcept = default;

struct WordSplitter::Match {
  pcre2_match_data* data = nullptr;
  pcre2_match_context* context = nullptr;

  ~Match() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
  }
};

WordSplitter::WordSplitter(const WordPattern& pattern)
    : code_(*pattern.code_), match_(std::make_unique<Match>()) {
  match_->data = pcre2_match_data_create_from_pattern(code_.code, nullptr);
  match_->context = pcre2_match_context_create(nullptr);
  if (match_->data == nullptr || match_->context == nullptr) fail("out of memory: tokenizer");
  // The default limit of steps is below what one run of ten million blanks takes.
  pcre2_set_match_limit(match_->context, UINT32_MAX);
}

WordSplitter::~WordSplitter() = default;

void WordSplitter::start(std::string_view text) {
  text_ = text;
  at_ = 0;
}

std::optional<std::string_view> WordSplitter::next() {
  if (at_ == text_.size()) return std::nullopt;
  // Without PCRE2_NO_UTF_CHECK the rest of the text would be checked for each word: quadratic.
  const int matches =
      pcre2_match(code_.code, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), at_,
                  PCRE2_NO_UTF_CHECK, match_->data, match_->context);
  if (matches < 0)
    fail("tokenizer: PCRE2 error {} at byte {} of a text of {}", matches, at_, text_.size());
  const size_t begin = at_;
  at_ = pcre2_get_ovector_pointer(match_->data)[1];
  JET_CHECK(at_ > begin);
  return text_.substr(begin, at_ - begin);
}

}  // namespace jet
