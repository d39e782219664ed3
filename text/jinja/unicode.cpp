// Code points, white space and case, after Python's str. Properties come from utf8proc.
#include "text/jinja/unicode.h"

#include <algorithm>

#include <utf8proc.h>

#include "text/jinja/case_expansion.h"
#include "text/utf8.h"

namespace jet::jinja {
namespace {

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}
char32_t simple_upper(char32_t c) {
  return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}
char32_t simple_lower(char32_t c) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

void append_expansion(std::string& out, std::u32string_view expansion) {
  for (const char32_t c : expansion) append_utf8(out, c);
}

void append_upper(std::string& out, char32_t c) {
  const std::u32string_view expansion = upper_expansion(c);
  if (expansion.empty()) return append_utf8(out, simple_upper(c));
  append_expansion(out, expansion);
}

void append_title(std::string& out, char32_t c) {
  const std::u32string_view expansion = title_expansion(c);
  if (expansion.empty()) {
    return append_utf8(out,
                       static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
  }
  append_expansion(out, expansion);
}

constexpr char32_t kSigma = 0x3a3;
constexpr char32_t kFinalSigma = 0x3c2;
constexpr char32_t kDottedI = 0x130;

// Marks, format characters, modifiers and a few signs do not end a word for the final sigma.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return std::u32string_view(U"'.:\u00b7\u2018\u2019\u2024\u2027").find(c) !=
             std::u32string_view::npos;
  }
}

bool letter_follows(std::string_view text, size_t offset) {
  while (offset < text.size()) {
    const char32_t c = next_code_point(text, offset);
    if (!is_case_ignorable(c)) return is_cased(c);
  }
  return false;
}

// `in_word`: a cased letter stands before, with nothing but ignorable characters between.
void append_lower(std::string& out, char32_t c, bool in_word, std::string_view text, size_t after) {
  if (c == kSigma && in_word && !letter_follows(text, after)) return append_utf8(out, kFinalSigma);
  if (c == kDottedI) return append_expansion(out, U"i\u0307");
  append_utf8(out, simple_lower(c));
}

template <typename Drops>
std::string_view strip_if(std::string_view text, Side side, Drops drops) {
  while (side != Side::right && !text.empty()) {
    const std::string_view first = text.substr(0, offset_of(text, 1));
    if (!drops(first)) break;
    text.remove_prefix(first.size());
  }
  while (side != Side::left && !text.empty()) {
    const std::string_view last = last_character(text);
    if (!drops(last)) break;
    text.remove_suffix(last.size());
  }
  return text;
}

enum class FirstOfWord { lower, title };

std::string change_case(std::string_view text, FirstOfWord of_first, FirstOfWord of_words) {
  std::string out;
  out.reserve(text.size());
  bool in_word = false;      // for the final sigma
  bool after_cased = false;  // str.title begins a word after anything that has no case
  for (size_t offset = 0; offset < text.size();) {
    const bool first = offset == 0;
    const char32_t c = next_code_point(text, offset);
    const FirstOfWord wanted = first ? of_first : (after_cased ? FirstOfWord::lower : of_words);
    if (wanted == FirstOfWord::title) {
      append_title(out, c);
    } else {
      append_lower(out, c, in_word, text, offset);
    }
    after_cased = is_cased(c);
    if (!is_case_ignorable(c)) in_word = after_cased;
  }
  return out;
}

}  // namespace

size_t code_points(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

char32_t next_code_point(std::string_view text, size_t& offset) {
  const size_t length = first_utf8(text.substr(offset)).length;
  const std::string_view character = text.substr(offset, length);
  offset += length;
  return code_point(character);
}

size_t offset_of(std::string_view text, size_t index) {
  size_t offset = 0;
  while (index > 0 && offset < text.size()) {
    next_code_point(text, offset);
    --index;
  }
  return offset;
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t offset = 0; offset < text.size();) {
    const size_t start = offset;
    next_code_point(text, offset);
    out.push_back(text.substr(start, offset - start));
  }
  return out;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

bool is_line_end(char32_t c) {
  return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

bool is_printable(char32_t c) {
  if (c == ' ') return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

bool is_letter(char32_t c) {
  const utf8proc_category_t of = category(c);
  return of >= UTF8PROC_CATEGORY_LU && of <= UTF8PROC_CATEGORY_LO;
}

bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }

bool is_upper(char32_t c) {
  const utf8proc_category_t of = category(c);
  return of == UTF8PROC_CATEGORY_LU || (of > UTF8PROC_CATEGORY_LO && simple_lower(c) != c);
}

bool is_lower(char32_t c) {
  const utf8proc_category_t of = category(c);
  return of == UTF8PROC_CATEGORY_LL || (of > UTF8PROC_CATEGORY_LO && simple_upper(c) != c);
}

bool is_cased(char32_t c) {
  return is_upper(c) || is_lower(c) || category(c) == UTF8PROC_CATEGORY_LT;
}

std::string_view strip(std::string_view text, Side side) {
  const auto drops = [](std::string_view character) { return is_space(code_point(character)); };
  return strip_if(text, side, drops);
}

std::string_view strip(std::string_view text, std::string_view of, Side side) {
  const auto members = characters(of);
  const auto drops = [&](std::string_view character) {
    return std::ranges::find(members, character) != members.end();
  };
  return strip_if(text, side, drops);
}

std::string upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) append_upper(out, next_code_point(text, offset));
  return out;
}

std::string lower(std::string_view text) {
  return change_case(text, FirstOfWord::lower, FirstOfWord::lower);
}
std::string capitalize(std::string_view text) {
  return change_case(text, FirstOfWord::title, FirstOfWord::lower);
}
std::string title(std::string_view text) {
  return change_case(text, FirstOfWord::title, FirstOfWord::title);
}

}  // namespace jet::jinja
