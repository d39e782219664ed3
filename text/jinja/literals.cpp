// Numbers and strings in tags.
#include "text/jinja/literals.h"

#include <charconv>

#include "text/jinja/numbers.h"
#include "text/jinja/unicode.h"
#include "text/utf8.h"

namespace jet::jinja {
namespace {

bool is_digit(char c, int base = 10) {
  if (c >= '0' && c <= '9') return c - '0' < base;
  const char small = static_cast<char>(c | 0x20);
  return base == 16 && small >= 'a' && small <= 'f';
}

// Digits with single underscores between them, from `at`; returns where they end, `at` if there are
// none.
size_t skip_digits(std::string_view text, size_t at, int base = 10) {
  while (at < text.size() && is_digit(text[at], base)) {
    ++at;
    if (at + 1 < text.size() && text[at] == '_' && is_digit(text[at + 1], base)) ++at;
  }
  return at;
}

// "e-5" from `at`; returns where it ends, `at` if there is none.
size_t skip_exponent(std::string_view text, size_t at) {
  if (at >= text.size() || (text[at] | 0x20) != 'e') return at;
  size_t digits = at + 1;
  if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
  const size_t end = skip_digits(text, digits);
  return end == digits ? at : end;
}

struct Escape {
  char32_t code_point = 0;
  size_t length = 0;
};

// `body` begins behind the backslash and the letter; exactly `digits` hexadecimal digits.
std::optional<Escape> hex_escape(std::string_view body, size_t digits) {
  if (body.size() < digits) return std::nullopt;
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + digits, value, 16);
  if (error != std::errc() || end != body.data() + digits) return std::nullopt;
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return std::nullopt;
  return Escape{.code_point = value, .length = digits};
}

Escape octal_escape(std::string_view body) {
  Escape escape;
  while (escape.length < 3 && escape.length < body.size() && is_digit(body[escape.length], 8)) {
    escape.code_point = escape.code_point * 8 + static_cast<char32_t>(body[escape.length] - '0');
    ++escape.length;
  }
  return escape;
}

char simple_escape(char c) {
  switch (c) {
    case '\\':
      return '\\';
    case '\'':
      return '\'';
    case '"':
      return '"';
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return '\0';
  }
}

size_t hex_digits(char letter) {
  switch (letter) {
    case 'x':
      return 2;
    case 'u':
      return 4;
    case 'U':
      return 8;
    default:
      return 0;
  }
}

// A backslash before a letter beyond ASCII: Jinja turns the letter into an escape of its own first,
// so that the backslash escapes that one's backslash.
std::string escaped_name(char32_t c) {
  if (c <= 0xff) return fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
  if (c <= 0xffff) return fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  return fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
}

}  // namespace

size_t real_literal(std::string_view text) {
  const size_t whole = skip_digits(text, 0);
  if (whole == 0) return 0;
  size_t end = whole;
  if (end + 1 < text.size() && text[end] == '.') {
    const size_t fraction = skip_digits(text, end + 1);
    if (fraction > end + 1) end = fraction;
  }
  end = skip_exponent(text, end);
  return end == whole ? 0 : end;
}

size_t integer_literal(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return 0;
  if (text[0] != '0') return skip_digits(text, 0);
  if (text.size() > 2) {
    const char letter = static_cast<char>(text[1] | 0x20);
    const int base = letter == 'b' ? 2 : (letter == 'o' ? 8 : (letter == 'x' ? 16 : 0));
    const size_t digits = text[2] == '_' ? 3 : 2;
    if (const size_t end = base == 0 ? digits : skip_digits(text, digits, base); end > digits)
      return end;
  }
  size_t zeros = 1;
  while (zeros < text.size() && (text[zeros] == '0' || text.substr(zeros, 2) == "_0")) {
    zeros += text[zeros] == '0' ? 1 : 2;
  }
  return zeros;
}

size_t string_literal(std::string_view text) {
  const char quote = text[0];
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

double real_value(std::string_view literal) { return parse_float(literal).value_or(0); }

std::optional<int64_t> integer_value(std::string_view literal) {
  bool overflow = false;
  return parse_integer(literal, 0, overflow);
}

std::string unescape(const Source& source, Position at, std::string_view body) {
  std::string out;
  out.reserve(body.size());
  for (size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      out += body[i++];
      continue;
    }
    const auto here = static_cast<Position>(at + i);
    const char letter = body[++i];  // a literal never ends in a lone backslash
    if (letter == '\n') {
      ++i;
    } else if (const char simple = simple_escape(letter); simple != '\0') {
      out += simple;
      ++i;
    } else if (is_digit(letter, 8)) {
      const Escape escape = octal_escape(body.substr(i));
      append_utf8(out, escape.code_point);
      i += escape.length;
    } else if (const size_t digits = hex_digits(letter); digits > 0) {
      const std::optional<Escape> escape = hex_escape(body.substr(i + 1), digits);
      if (!escape)
        source.fail(here, "the escape \\{} needs {} hexadecimal digits of a character", letter,
                    digits);
      append_utf8(out, escape->code_point);
      i += 1 + digits;
    } else if (letter == 'N') {
      source.fail(here, "escapes by name (\\N{{...}}) are not supported");
    } else if (static_cast<unsigned char>(letter) >= 0x80) {
      out += escaped_name(next_code_point(body, i));
    } else {
      out += '\\';
      out += letter;
      ++i;
    }
  }
  return out;
}

}  // namespace jet::jinja
