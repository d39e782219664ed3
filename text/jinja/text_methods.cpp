// Methods of strings.
#include <algorithm>
#include <limits>

#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/printf.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_operations.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

const std::string& text_of(const Value& self) { return *self.text(); }

template <Side side>
Value strip_method(Runtime& rt, const Value& self, const Bound& arguments) {
  return strip_text(rt, text_of(self), arguments.value(0, Value(None())), side);
}

template <std::string (*change)(std::string_view)>
Value case_method(Runtime& rt, const Value& self, const Bound&) {
  rt.step(text_of(self).size() * 8);
  return rt.text(change(text_of(self)));
}

template <bool from_right>
Value split_method(Runtime& rt, const Value& self, const Bound& arguments) {
  const int64_t most = arguments.integer(1, -1);
  if (!arguments.has(0) || arguments[0].is_none())
    return split_at_space(rt, text_of(self), most, from_right);
  if (arguments.text(0).empty()) rt.fail("split(): the separator is empty");
  return split_at(rt, text_of(self), arguments.text(0), most, from_right);
}

Value splitlines(Runtime& rt, const Value& self, const Bound& arguments) {
  return split_lines(rt, text_of(self), arguments.truth(0, false));
}

// The part of the text between the code points numbered by the arguments from `first` on.
struct Window {
  std::string_view text;
  size_t offset = 0;     // of its first byte
  int64_t first = 0;     // its first code point
  bool possible = true;  // false when it begins behind its end
};
Window window(Runtime& rt, const Value& self, const Bound& arguments, size_t first) {
  const std::string_view whole = text_of(self);
  if (!arguments.has(first) && !arguments.has(first + 1)) return {.text = whole};
  const int64_t count = length(rt, self);
  const auto place = [&](size_t i, int64_t otherwise) {
    if (!arguments.has(i) || arguments[i].is_none()) return otherwise;
    const int64_t at = arguments.integer(i);
    return at < 0 ? std::max<int64_t>(at + count, 0) : at;
  };
  const int64_t start = place(first, 0);
  const int64_t stop = std::min(place(first + 1, count), count);
  if (start > stop) return {.text = {}, .offset = 0, .first = start, .possible = false};
  const size_t from = offset_of(whole, static_cast<size_t>(start));
  const size_t to = from + offset_of(whole.substr(from), static_cast<size_t>(stop - start));
  return {.text = whole.substr(from, to - from), .offset = from, .first = start};
}

template <bool at_end>
Value starts_or_ends(Runtime& rt, const Value& self, const Bound& arguments) {
  const Window in = window(rt, self, arguments, 1);
  const auto matches = [&](const Value& affix) {
    const std::string* text = affix.text();
    if (!text)
      rt.fail("{}() needs strings, not '{}'", at_end ? "endswith" : "startswith", type_name(affix));
    rt.step(text->size());
    return in.possible && (at_end ? in.text.ends_with(*text) : in.text.starts_with(*text));
  };
  const Sequence* sequence = arguments[0].sequence();
  if (sequence && sequence->kind == Sequence::Kind::tuple)
    return Value(std::ranges::any_of(sequence->items, matches));
  return Value(matches(arguments[0]));
}

Value replace(Runtime& rt, const Value& self, const Bound& arguments) {
  return replace_text(rt, text_of(self), arguments.text(0), arguments.text(1),
                      arguments.integer(2, -1));
}

int64_t find_in(Runtime& rt, const Window& in, std::string_view what) {
  if (!in.possible) return -1;
  const size_t at = find_text(rt, in.text, what);
  if (at == std::string_view::npos) return -1;
  return in.first + static_cast<int64_t>(code_points(in.text.substr(0, at)));
}

Value find(Runtime& rt, const Value& self, const Bound& arguments) {
  return Value(find_in(rt, window(rt, self, arguments, 1), arguments.text(0)));
}
Value index(Runtime& rt, const Value& self, const Bound& arguments) {
  const int64_t at = find_in(rt, window(rt, self, arguments, 1), arguments.text(0));
  if (at < 0) rt.fail("index(): the text is not found");
  return Value(at);
}

Value rfind(Runtime& rt, const Value& self, const Bound& arguments) {
  const Window in = window(rt, self, arguments, 1);
  if (!in.possible) return Value(-1);
  const size_t at = find_last_text(rt, in.text, arguments.text(0));
  if (at == std::string_view::npos) return Value(-1);
  return Value(in.first + static_cast<int64_t>(code_points(in.text.substr(0, at))));
}

Value count(Runtime& rt, const Value& self, const Bound& arguments) {
  const Window in = window(rt, self, arguments, 1);
  if (!in.possible) return Value(0);
  return Value(count_text(rt, in.text, arguments.text(0)));
}

Value join(Runtime& rt, const Value& self, const Bound& arguments) {
  std::string out;
  bool first = true;
  for (const Value& item : elements(rt, arguments[0])) {
    if (!item.text()) rt.fail("join() needs strings, not '{}'", type_name(item));
    if (!std::exchange(first, false)) rt.append(out, text_of(self));
    rt.append(out, *item.text());
  }
  return Value(std::move(out));
}

Value format(Runtime& rt, const Value& self, const Bound& arguments) {
  return Value(format_fields(rt, text_of(self), arguments.raw()));
}

template <bool suffix>
Value remove_affix(Runtime& rt, const Value& self, const Bound& arguments) {
  std::string_view text = text_of(self);
  const std::string& affix = arguments.text(0);
  if (suffix && text.ends_with(affix)) text.remove_suffix(affix.size());
  if (!suffix && text.starts_with(affix)) text.remove_prefix(affix.size());
  return rt.text(std::string(text));
}

template <bool from_right>
Value partition(Runtime& rt, const Value& self, const Bound& arguments) {
  const std::string& separator = arguments.text(0);
  if (separator.empty()) rt.fail("partition(): the separator is empty");
  const std::string_view text = text_of(self);
  const size_t at =
      from_right ? find_last_text(rt, text, separator) : find_text(rt, text, separator);
  if (at == std::string_view::npos) {
    if (from_right) return rt.tuple({Value(""), Value(""), self});
    return rt.tuple({self, Value(""), Value("")});
  }
  return rt.tuple({rt.text(std::string(text.substr(0, at))), arguments[0],
                   rt.text(std::string(text.substr(at + separator.size())))});
}

// True when there is a character and all of them are of the kind.
template <bool (*is_kind)(char32_t)>
Value all_are(Runtime& rt, const Value& self, const Bound&) {
  rt.step(text_of(self).size());
  return Value(all_characters(text_of(self), is_kind));
}

bool is_letter_or_decimal(char32_t c) { return is_letter(c) || is_decimal(c); }

template <CaseKind kind>
Value case_is(Runtime& rt, const Value& self, const Bound&) {
  rt.step(text_of(self).size());
  return Value(has_case(text_of(self), kind));
}

constexpr Builtin kMethods[] = {
    {"capitalize", case_method<capitalize>, ""},
    {"count", count, "/sub ?/start /end"},
    {"endswith", starts_or_ends<true>, "/suffix ?/start /end"},
    {"find", find, "/sub ?/start /end"},
    {"format", format, "..."},
    {"index", index, "/sub ?/start /end"},
    {"isalnum", all_are<is_letter_or_decimal>, ""},
    {"isalpha", all_are<is_letter>, ""},
    {"isdecimal", all_are<is_decimal>, ""},
    {"isdigit", all_are<is_decimal>, ""},
    {"islower", case_is<CaseKind::lower>, ""},
    {"isspace", all_are<is_space>, ""},
    {"isupper", case_is<CaseKind::upper>, ""},
    {"join", join, "/iterable"},
    {"lower", case_method<lower>, ""},
    {"lstrip", strip_method<Side::left>, "?/chars"},
    {"partition", partition<false>, "/sep"},
    {"removeprefix", remove_affix<false>, "/prefix"},
    {"removesuffix", remove_affix<true>, "/suffix"},
    {"replace", replace, "/old /new ?/count"},
    {"rfind", rfind, "/sub ?/start /end"},
    {"rpartition", partition<true>, "/sep"},
    {"rsplit", split_method<true>, "?sep maxsplit"},
    {"rstrip", strip_method<Side::right>, "?/chars"},
    {"split", split_method<false>, "?sep maxsplit"},
    {"splitlines", splitlines, "?keepends"},
    {"startswith", starts_or_ends<false>, "/prefix ?/start /end"},
    {"strip", strip_method<Side::both>, "?/chars"},
    {"title", case_method<title>, ""},
    {"upper", case_method<upper>, ""},
};

}  // namespace

std::span<const Builtin> text_methods() { return kMethods; }

}  // namespace jet::jinja
