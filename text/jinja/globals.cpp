// range, dict, namespace, raise_exception, strftime_now.
#include "text/jinja/globals.h"

#include <algorithm>
#include <array>

#include "text/jinja/clock.h"
#include "text/jinja/operators.h"
#include "text/jinja/repr.h"

namespace jet::jinja {
namespace {

// How many integers there are from start to stop, at most kMaxRange + 1.
int64_t range_length(const Sequence::Range& range) {
  const bool empty = range.step > 0 ? range.start >= range.stop : range.start <= range.stop;
  if (empty) return 0;
  const auto start = static_cast<uint64_t>(range.start);
  const auto stop = static_cast<uint64_t>(range.stop);
  const uint64_t distance = range.step > 0 ? stop - start : start - stop;
  const auto step = static_cast<uint64_t>(range.step);
  const uint64_t count = (distance - 1) / (range.step > 0 ? step : 0 - step) + 1;
  return static_cast<int64_t>(std::min<uint64_t>(count, static_cast<uint64_t>(kMaxRange) + 1));
}

Value range(Runtime& rt, const Value&, const Bound& arguments) {
  Sequence::Range range;
  if (arguments.has(1)) {
    range = {.start = arguments.integer(0),
             .stop = arguments.integer(1),
             .step = arguments.integer(2, 1)};
  } else {
    range.stop = arguments.integer(0);
  }
  if (range.step == 0) rt.fail("range(): the step cannot be 0");
  const int64_t count = range_length(range);
  if (count > kMaxRange) rt.fail("range() of more than {} numbers", kMaxRange);
  std::vector<Value> items;
  int64_t value = range.start;
  for (int64_t i = 0; i < count; ++i) {
    items.emplace_back(value);
    if (i + 1 < count) value += range.step;
  }
  return rt.range(range, std::move(items));
}

// dict(mapping or pairs, name=value, ...)
Dict make_dict(Runtime& rt, const Arguments& arguments) {
  Dict dict;
  const auto set = [&](const Value& key, const Value& value) {
    if (!is_key(rt, key)) rt.fail("a '{}' cannot be a key", type_name(key));
    dict.set(key, value);
  };
  if (arguments.positional.size() > 1)
    rt.fail("a dict is made of one value and of names, not of more values");
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    if (from.dict()) {
      for (const auto& [key, value] : from.dict()->items()) set(key, value);
    } else {
      for (const Value& element : elements(rt, from)) {
        const std::vector<Value> pair = elements(rt, element);
        if (pair.size() != 2) rt.fail("a dict is made of pairs, this has {} elements", pair.size());
        set(pair[0], pair[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) set(Value(name), value);
  return dict;
}

Value dict(Runtime& rt, const Value&, const Bound& arguments) {
  return rt.dict(make_dict(rt, arguments.raw()));
}

Value make_namespace(Runtime& rt, const Value&, const Bound& arguments) {
  const Dict dict = make_dict(rt, arguments.raw());
  Namespace& space = rt.make_namespace();
  for (const auto& [key, value] : dict.items()) {
    if (!key.text())
      rt.fail("namespace(): the name of an attribute must be a string, not '{}'", type_name(key));
    if (key.text()->starts_with('_'))
      rt.fail("namespace(): '{}' begins with an underscore", *key.text());
    space.attributes.emplace_back(*key.text(), value);
  }
  return Value(&space);
}

Value raise_exception(Runtime& rt, const Value&, const Bound& arguments) {
  rt.fail("{}", to_text(rt, arguments[0]));
}

Value strftime_now(Runtime& rt, const Value& clock, const Bound& arguments) {
  const std::string* fixed = clock.text();
  const CivilTime now = fixed ? parse_civil_time(*fixed).value_or(CivilTime()) : local_time_now();
  return Value(format_time(rt, now, arguments.text(0)));
}

constexpr Builtin kFunctions[] = {
    {"dict", dict, "..."},
    {"namespace", make_namespace, "..."},
    {"raise_exception", raise_exception, "message"},
    {"range", range, "/start ?/stop /step"},
    {"strftime_now", strftime_now, "format"},
};

}  // namespace

std::span<const Builtin> global_functions() { return kFunctions; }

bool is_unsupported_global(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "lipsum", "cycler", "joiner", "varargs", "kwargs", "caller", "self"};
  return std::ranges::find(kNames, name) != kNames.end();
}

}  // namespace jet::jinja
