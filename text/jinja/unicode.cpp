// Code points, white space and case, after Python's str. Properties come from utf8proc.
#include "text/jinja/unicode.h"

#include <algorithm>

#include <utf8proc.h>

#include "text/jinja/case_expansion.h"

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
  for (const char32_t c : expansion) append_code_point(out, c);
}

void append_upper(std::string& out, char32_t c) {
  const std::u32string_view expansion = upper_expansion(c);
  if (expansion.empty()) return append_code_point(out, simple_upper(c));
  append_expansion(out, expansion);
}

void append_title(std::string& out, char32_t c) {
  const std::u32string_view expansion = title_expansion(c);
  if (expansion.empty()) {
    return append_code_point(
        out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
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
  if (c == kSigma && in_word && !letter_follows(text, after))
    return append_code_point(out, kFinalSigma);
  if (c == kDottedI) return append_expansion(out, U"i\u0307");
  append_code_point(out, simple_lower(c));
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

size_t find_invalid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t offset = 0; offset < text.size();) {
    if (bytes[offset] < 0x80) {
      ++offset;
      continue;
    }
    utf8proc_int32_t code_point = 0;
    const auto left = static_cast<utf8proc_ssize_t>(text.size() - offset);
    const utf8proc_ssize_t length = utf8proc_iterate(bytes + offset, left, &code_point);
    if (length <= 0) return offset;
    offset += static_cast<size_t>(length);
  }
  return std::string_view::npos;
}

size_t code_points(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

char32_t next_code_point(std::string_view text, size_t& offset) {
  const auto byte = [&](size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[offset + i]));
  };
  const char32_t lead = byte(0);
  char32_t c = lead;
  size_t length = 1;
  if (lead >= 0xf0) {
    c = (lead & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
    length = 4;
  } else if (lead >= 0xe0) {
    c = (lead & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    length = 3;
  } else if (lead >= 0xc0) {
    c = (lead & 0x1f) << 6 | (byte(1) & 0x3f);
    length = 2;
  }
  offset += length;
  return c;
}

void append_code_point(std::string& out, char32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length =
      utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
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
  const auto trimmed = [](size_t at, std::string_view of) {
    size_t offset = at;
    return is_space(next_code_point(of, offset));
  };
  if (side != Side::right) {
    while (!text.empty() && trimmed(0, text)) text.remove_prefix(offset_of(text, 1));
  }
  while (side != Side::left && !text.empty()) {
    size_t last = text.size() - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xc0) == 0x80) --last;
    if (!trimmed(last, text)) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string_view strip(std::string_view text, std::string_view of, Side side) {
  const auto members = characters(of);
  const auto trimmed = [&](std::string_view c) {
    return std::ranges::find(members, c) != members.end();
  };
  if (side != Side::right) {
    while (!text.empty()) {
      const size_t length = offset_of(text, 1);
      if (!trimmed(text.substr(0, length))) break;
      text.remove_prefix(length);
    }
  }
  while (side != Side::left && !text.empty()) {
    size_t last = text.size() - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xc0) == 0x80) --last;
    if (!trimmed(text.substr(last))) break;
    text = text.substr(0, last);
  }
  return text;
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
