// Python's numbers to text and back.
#include "text/jinja/numbers.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

std::partial_ordering compare_mixed(int64_t integer, double number) {
  if (std::isnan(number)) return std::partial_ordering::unordered;
  if (number >= 0x1p63) return std::partial_ordering::less;
  if (number < -0x1p63) return std::partial_ordering::greater;
  const auto whole = static_cast<int64_t>(number);  // towards zero
  if (integer != whole) return integer <=> whole;
  return 0.0 <=> (number - static_cast<double>(whole));
}

std::partial_ordering reversed(std::partial_ordering order) {
  if (order == std::partial_ordering::less) return std::partial_ordering::greater;
  if (order == std::partial_ordering::greater) return std::partial_ordering::less;
  return order;
}

// Digits with single underscores between them; nothing when there is anything else.
std::optional<std::string> without_underscores(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') {
      out += digits[i];
      continue;
    }
    const bool between =
        i > 0 && i + 1 < digits.size() && digits[i - 1] != '_' && digits[i + 1] != '_';
    if (!between) return std::nullopt;
  }
  return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The base that a prefix 0x, 0o or 0b names, 0 without one.
int prefixed_base(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return 0;
  switch (lower(digits[1])) {
    case 'x':
      return 16;
    case 'o':
      return 8;
    case 'b':
      return 2;
    default:
      return 0;
  }
}

}  // namespace

std::optional<int64_t> exact_integer(double number) {
  const bool fits = number >= -0x1p63 && number < 0x1p63;  // NaN does not
  if (fits && number == std::trunc(number)) return static_cast<int64_t>(number);
  return std::nullopt;
}

std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  const bool integers[] = {a.is_integer(), b.is_integer()};
  if (integers[0] && integers[1]) return a.integer() <=> b.integer();
  if (integers[0]) return compare_mixed(a.integer(), b.number());
  if (integers[1]) return reversed(compare_mixed(b.integer(), a.number()));
  return a.number() <=> b.number();
}

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  std::string out;
  if (text.starts_with('-')) {
    out = "-";
    text.remove_prefix(1);
  }
  const size_t e = text.find('e');
  int exponent = 0;
  const size_t sign = text[e + 1] == '+' ? 1 : 0;
  std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  const int count = static_cast<int>(digits.size());

  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (count > 1) out += "." + digits.substr(1);
    return out + fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0)
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  if (count <= exponent + 1)
    return out + digits + std::string(static_cast<size_t>(exponent + 1 - count), '0') + ".0";
  const auto whole = static_cast<size_t>(exponent) + 1;
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::optional<int64_t> parse_integer(std::string_view text, int base, bool& overflow) {
  overflow = false;
  std::string_view body = strip(text);
  const bool negative = body.starts_with('-');
  if (negative || body.starts_with('+')) body.remove_prefix(1);
  const int prefix = prefixed_base(body);
  if (prefix != 0 && (base == 0 || base == prefix)) {
    base = prefix;
    body.remove_prefix(2);
    if (body.starts_with('_')) body.remove_prefix(1);
  } else if (base == 0) {
    base = 10;
    if (body.starts_with('0') && body.find_first_not_of("0_") != std::string_view::npos)
      return std::nullopt;
  }
  std::optional<std::string> digits = without_underscores(body);
  if (!digits || digits->empty() || digits->front() == '-') return std::nullopt;
  if (negative) digits->insert(0, "-");
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits->data(), digits->data() + digits->size(), value, base);
  if (end != digits->data() + digits->size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) overflow = true;
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::optional<double> parse_float(std::string_view text) {
  std::optional<std::string> body = without_underscores(strip(text));
  if (!body) return std::nullopt;
  std::string_view digits = *body;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  std::string word;
  for (const char c : digits) word += lower(c);
  double value = 0;
  if (word == "inf" || word == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (word == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    // from_chars would also take "nan(...)" and "-1" after a "+".
    if (word.find_first_not_of("0123456789.e+-") != std::string::npos) return std::nullopt;
    if (word.empty() || word[0] == '+' || word[0] == '-') return std::nullopt;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (end != word.data() + word.size()) return std::nullopt;
    if (error == std::errc::result_out_of_range) {
      // Too large is infinite and too small is zero, as in Python: the exponent's sign tells which.
      value = word.find("e-") == std::string::npos ? std::numeric_limits<double>::infinity() : 0.0;
    } else if (error != std::errc()) {
      return std::nullopt;
    }
  }
  return negative ? -value : value;
}

}  // namespace jet::jinja
