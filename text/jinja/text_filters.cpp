// Filters on text and numbers, and tojson.
#include <cmath>
#include <utility>

#include "text/jinja/filters.h"
#include "text/jinja/numbers.h"
#include "text/jinja/operators.h"
#include "text/jinja/printf.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_operations.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

template <std::string (*change)(std::string_view)>
Value case_filter(Runtime& rt, const Value& self, const Bound&) {
  const std::string text = to_text(rt, self);
  rt.step(text.size() * 8);
  return rt.text(change(text));
}

// Words begin behind white space, hyphens and opening brackets.
std::string filter_title(std::string_view text) {
  std::string out;
  size_t from = 0;
  const auto add_word = [&](size_t to) {
    const std::string_view word = text.substr(from, to - from);
    if (word.empty()) return;
    const size_t first = offset_of(word, 1);
    out += upper(word.substr(0, first));
    out += lower(word.substr(first));
  };
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t c = next_code_point(text, at);
    const bool cuts =
        is_space(c) || (c < 0x80 && std::string_view("-({[<").find(static_cast<char>(c)) !=
                                        std::string_view::npos);
    if (!cuts) continue;
    add_word(start);
    out += text.substr(start, at - start);
    from = at;
  }
  add_word(text.size());
  return out;
}

Value trim(Runtime& rt, const Value& self, const Bound& arguments) {
  return strip_text(rt, to_text(rt, self), arguments.value(0, Value(None())), Side::both);
}

Value string(Runtime& rt, const Value& self, const Bound&) {
  if (self.text()) return self;
  return Value(to_text(rt, self));
}

Value replace(Runtime& rt, const Value& self, const Bound& arguments) {
  const bool all = !arguments.has(2) || arguments[2].is_none();
  return replace_text(rt, to_text(rt, self), to_text(rt, arguments[0]), to_text(rt, arguments[1]),
                      all ? -1 : arguments.integer(2));
}

Value indent(Runtime& rt, const Value& self, const Bound& arguments) {
  if (!self.text()) rt.fail("indent needs a string, not '{}'", type_name(self));
  std::string by;
  if (arguments.has(0) && arguments[0].text()) {
    by = *arguments[0].text();
  } else {
    by = *binary(rt, BinaryOp::multiply, Value(" "), Value(arguments.integer(0, 4))).text();
  }
  const bool blank = arguments.truth(2, false);
  const Value lines = split_lines(rt, *self.text() + "\n", false);
  std::string out;
  bool first = !arguments.truth(1, false);
  bool begins = true;
  for (const Value& line : lines.sequence()->items) {
    if (!std::exchange(begins, false)) rt.append(out, "\n");
    if (!std::exchange(first, false) &&
        (blank || !line.text()->empty() || &line == lines.sequence()->items.data())) {
      rt.append(out, by);
    }
    rt.append(out, *line.text());
  }
  return Value(std::move(out));
}

Value escape(Runtime& rt, const Value& self, const Bound&) {
  std::string out;
  for (const char c : to_text(rt, self)) {
    switch (c) {
      case '&':
        rt.append(out, "&amp;");
        break;
      case '<':
        rt.append(out, "&lt;");
        break;
      case '>':
        rt.append(out, "&gt;");
        break;
      case '\'':
        rt.append(out, "&#39;");
        break;
      case '"':
        rt.append(out, "&#34;");
        break;
      default:
        out += c;
    }
  }
  return rt.text(std::move(out));
}

Value format(Runtime& rt, const Value& self, const Bound& arguments) {
  if (!arguments.raw().named.empty()) rt.fail("format: arguments with names are not supported");
  const Value values = rt.tuple(arguments.raw().positional);
  return Value(format_printf(rt, to_text(rt, self), values));
}

bool is_word(char32_t c) { return is_letter(c) || is_decimal(c) || c == '_'; }

Value wordcount(Runtime& rt, const Value& self, const Bound&) {
  const std::string text = to_text(rt, self);
  rt.step(text.size());
  int64_t words = 0;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const bool word = is_word(next_code_point(text, at));
    if (word && !inside) ++words;
    inside = word;
  }
  return Value(words);
}

// Towards zero; nothing where Python raises.
std::optional<int64_t> truncated(Runtime& rt, double number) {
  if (!std::isfinite(number)) return std::nullopt;
  const std::optional<int64_t> whole = exact_integer(std::trunc(number));
  if (!whole) rt.fail("int: {} does not fit 64 bits", float_text(number));
  return whole;
}

Value to_integer(Runtime& rt, const Value& self, const Bound& arguments) {
  require_defined(rt, self);
  Value otherwise = arguments.value(0, Value(0));
  if (self.is_integer()) return Value(self.integer());
  if (const double* real = std::get_if<double>(&self.data)) {
    if (std::isinf(*real)) rt.fail("int: {} is no integer", float_text(*real));
    const std::optional<int64_t> whole = truncated(rt, *real);
    return whole ? Value(*whole) : otherwise;
  }
  const std::string* text = self.text();
  if (!text) return otherwise;
  rt.step(text->size());
  const int64_t base = arguments.integer(1, 10);
  if (base != 0 && (base < 2 || base > 36))
    rt.fail("int: the base must be 0 or from 2 to 36, not {}", base);
  bool overflow = false;
  if (const std::optional<int64_t> value = parse_integer(*text, static_cast<int>(base), overflow))
    return Value(*value);
  if (overflow) rt.fail("int: the number does not fit 64 bits");
  const std::optional<double> real = parse_float(*text);  // "42.23" gives 42
  const std::optional<int64_t> whole = real ? truncated(rt, *real) : std::nullopt;
  return whole ? Value(*whole) : otherwise;
}

Value to_float(Runtime& rt, const Value& self, const Bound& arguments) {
  require_defined(rt, self);
  if (self.is_number()) return Value(self.number());
  if (const std::string* text = self.text()) {
    rt.step(text->size());
    if (const std::optional<double> real = parse_float(*text)) return Value(*real);
  }
  return arguments.value(0, Value(0.0));
}

Value absolute(Runtime& rt, const Value& self, const Bound&) {
  require_defined(rt, self);
  if (!self.is_number()) rt.fail("abs needs a number, not '{}'", type_name(self));
  if (self.is_integer() && self.integer() >= 0) return Value(self.integer());
  if (self.is_integer()) return unary(rt, UnaryOp::minus, self);
  return Value(std::fabs(self.number()));
}

// Half to even and by the decimal digits, as Python's round().
double round_to(double number, int64_t precision) {
  constexpr int64_t kDigits = 400;  // beyond all digits that a float has
  if (!std::isfinite(number) || precision > kDigits) return number;
  if (precision < -kDigits) return std::copysign(0.0, number);
  if (precision >= 0) {
    return std::copysign(
        parse_float(fmt::format("{:.{}f}", std::fabs(number), static_cast<int>(precision)))
            .value_or(0),
        number);
  }
  const double unit = std::pow(10.0, static_cast<double>(-precision));
  return std::nearbyint(number / unit) * unit;
}

Value round(Runtime& rt, const Value& self, const Bound& arguments) {
  require_defined(rt, self);
  const std::string_view method = arguments.text(1, "common");
  const int64_t precision = arguments.integer(0, 0);
  if (!self.is_number()) rt.fail("round needs a number, not '{}'", type_name(self));
  if (method == "common") {
    if (self.is_integer() && precision >= 0) return Value(self.integer());
    if (self.is_integer()) rt.fail("round of an integer to a negative precision is not supported");
    return Value(round_to(self.number(), precision));
  }
  if (method != "ceil" && method != "floor")
    rt.fail("round: the method must be common, ceil or floor");
  const Value unit = binary(rt, BinaryOp::power, Value(10), Value(precision));
  const double scaled = binary(rt, BinaryOp::multiply, self, unit).number();
  const double whole = method == "ceil" ? std::ceil(scaled) : std::floor(scaled);
  if (!std::isfinite(whole)) rt.fail("round: {} has no {}", float_text(whole), method);
  return Value(whole / unit.number());
}

Value to_json_filter(Runtime& rt, const Value& self, const Bound& arguments) {
  JsonStyle style;
  style.ascii = arguments.truth(0, false);
  style.sort_keys = arguments.truth(3, false);
  if (arguments.has(1) && !arguments[1].is_none()) {
    if (arguments[1].text()) {
      style.indent = *arguments[1].text();
    } else {
      style.indent =
          *binary(rt, BinaryOp::multiply, Value(" "), Value(arguments.integer(1))).text();
    }
    style.between_items = ",";
  }
  if (arguments.has(2) && !arguments[2].is_none()) {
    const std::vector<Value> separators = elements(rt, arguments[2]);
    if (separators.size() != 2 || !separators[0].text() || !separators[1].text()) {
      rt.fail("tojson: separators must be two strings");
    }
    style.between_items = *separators[0].text();
    style.behind_key = *separators[1].text();
  }
  return Value(to_json(rt, self, style));
}

constexpr Builtin kFilters[] = {
    {"abs", absolute, ""},
    {"capitalize", case_filter<capitalize>, ""},
    {"e", escape, ""},
    {"escape", escape, ""},
    {"float", to_float, "?default"},
    {"format", format, "..."},
    {"indent", indent, "?width first blank"},
    {"int", to_integer, "?default base"},
    {"lower", case_filter<lower>, ""},
    {"replace", replace, "old new ?count"},
    {"round", round, "?precision method"},
    {"safe", string, ""},
    {"string", string, ""},
    {"title", case_filter<filter_title>, ""},
    {"tojson", to_json_filter, "?ensure_ascii indent separators sort_keys"},
    {"trim", trim, "?chars"},
    {"upper", case_filter<upper>, ""},
    {"wordcount", wordcount, ""},
};

}  // namespace

std::span<const Builtin> text_filters() { return kFilters; }

}  // namespace jet::jinja
