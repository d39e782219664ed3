// Filters on lists and dicts.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "text/jinja/access.h"
#include "text/jinja/filters.h"
#include "text/jinja/operators.h"
#include "text/jinja/repr.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

// Strings compare without case unless asked otherwise.
Value ignore_case(Runtime& rt, Value value, bool case_sensitive) {
  if (case_sensitive || !value.text()) return value;
  rt.step(value.text()->size() * 8);
  return rt.text(lower(*value.text()));
}

Value attribute_of(Runtime& rt, const Value& item, const Bound& arguments, size_t i) {
  return arguments.has(i) ? follow_path(rt, item, arguments[i]) : item;
}

Value length_filter(Runtime& rt, const Value& self, const Bound&) {
  return Value(length(rt, self));
}

Value first(Runtime& rt, const Value& self, const Bound&) {
  if (const auto* held = std::get_if<std::shared_ptr<Iterator>>(&self.data)) {
    Iterator& iterator = **held;
    if (iterator.next < iterator.items.size()) return iterator.items[iterator.next++];
  }
  if (self.text() && !self.text()->empty()) return item(rt, self, Value(0));
  const std::vector<Value> all = elements(rt, self);
  return all.empty() ? rt.undefined("there is no first item, the sequence is empty") : all.front();
}

Value last(Runtime& rt, const Value& self, const Bound&) {
  if (self.is<std::shared_ptr<Iterator>>()) rt.fail("last needs a list: add |list before it");
  if (self.text() && !self.text()->empty()) return item(rt, self, Value(-1));
  const std::vector<Value> all = elements(rt, self);
  return all.empty() ? rt.undefined("there is no last item, the sequence is empty") : all.back();
}

Value list(Runtime& rt, const Value& self, const Bound&) { return rt.list(elements(rt, self)); }

Value join(Runtime& rt, const Value& self, const Bound& arguments) {
  const std::string between = arguments.has(0) ? to_text(rt, arguments[0]) : std::string();
  std::string out;
  bool begins = true;
  for (const Value& element : elements(rt, self)) {
    if (!std::exchange(begins, false)) rt.append(out, between);
    append_text(rt, out, attribute_of(rt, element, arguments, 1));
  }
  return Value(std::move(out));
}

Value reverse(Runtime& rt, const Value& self, const Bound&) {
  std::vector<Value> all = elements(rt, self);
  std::ranges::reverse(all);
  if (self.is<std::shared_ptr<Iterator>>()) return rt.list(std::move(all));
  if (!self.text()) return rt.iterator(std::move(all));
  std::string out;
  for (const Value& character : all) out += *character.text();
  return rt.text(std::move(out));
}

// Values by their keys; equal ones keep their order, also when descending.
std::vector<Value> sorted(Runtime& rt, std::vector<Value> values, std::vector<Value> keys,
                          bool descending) {
  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    return descending ? less(rt, keys[b], keys[a]) : less(rt, keys[a], keys[b]);
  });
  std::vector<Value> out;
  for (const size_t i : order) out.push_back(std::move(values[i]));
  return out;
}

// The value in a list, so that values without order do as long as they are equal; "a,b.c": the list
// of those attributes.
Value sort_key(Runtime& rt, const Value& element, const Bound& arguments, bool case_sensitive) {
  const std::string* paths = arguments.has(2) ? arguments[2].text() : nullptr;
  if (!paths)
    return rt.list({ignore_case(rt, attribute_of(rt, element, arguments, 2), case_sensitive)});
  std::vector<Value> parts;
  for (std::string_view rest = *paths;;) {
    const size_t comma = std::min(rest.find(','), rest.size());
    parts.push_back(
        ignore_case(rt, follow_path(rt, element, Value(rest.substr(0, comma))), case_sensitive));
    if (comma == rest.size()) return rt.list(std::move(parts));
    rest.remove_prefix(comma + 1);
  }
}

Value sort(Runtime& rt, const Value& self, const Bound& arguments) {
  std::vector<Value> all = elements(rt, self);
  std::vector<Value> keys;
  const bool case_sensitive = arguments.truth(1, false);
  for (const Value& element : all) keys.push_back(sort_key(rt, element, arguments, case_sensitive));
  return rt.list(sorted(rt, std::move(all), std::move(keys), arguments.truth(0, false)));
}

Value unique(Runtime& rt, const Value& self, const Bound& arguments) {
  Dict seen;
  std::vector<Value> out;
  for (const Value& element : elements(rt, self)) {
    Value key = ignore_case(rt, attribute_of(rt, element, arguments, 1), arguments.truth(0, false));
    if (!is_key(rt, key)) rt.fail("unique: a '{}' cannot be compared by key", type_name(key));
    if (seen.find(key)) continue;
    seen.set(std::move(key), Value());
    out.push_back(element);
  }
  return rt.iterator(std::move(out));
}

template <bool largest>
Value extreme(Runtime& rt, const Value& self, const Bound& arguments) {
  const std::vector<Value> all = elements(rt, self);
  if (all.empty())
    return rt.undefined("there is no smallest or largest item, the sequence is empty");
  const bool case_sensitive = arguments.truth(0, false);
  const auto key = [&](const Value& element) {
    return ignore_case(rt, attribute_of(rt, element, arguments, 1), case_sensitive);
  };
  const Value* best = &all.front();
  Value best_key = key(*best);
  for (const Value& element : std::span(all).subspan(1)) {
    Value next = key(element);
    if (largest ? less(rt, best_key, next) : less(rt, next, best_key)) {
      best = &element;
      best_key = std::move(next);
    }
  }
  return *best;
}

Value sum(Runtime& rt, const Value& self, const Bound& arguments) {
  Value total = arguments.value(1, Value(0));
  if (total.text()) rt.fail("sum does not add strings: use join");
  const bool has_path = arguments.has(0) && !arguments[0].is_none();
  for (const Value& element : elements(rt, self)) {
    total = binary(rt, BinaryOp::add, total,
                   has_path ? follow_path(rt, element, arguments[0]) : element);
  }
  return total;
}

Value items(Runtime& rt, const Value& self, const Bound&) {
  std::vector<Value> out;
  if (self.is_undefined()) return rt.iterator({});
  if (!self.dict()) rt.fail("items needs a dict, not '{}'", type_name(self));
  for (const auto& [key, value] : self.dict()->items()) out.push_back(rt.tuple({key, value}));
  return rt.iterator(std::move(out));
}

Value dictsort(Runtime& rt, const Value& self, const Bound& arguments) {
  if (!self.dict()) rt.fail("dictsort needs a dict, not '{}'", type_name(self));
  const std::string_view by = arguments.text(1, "key");
  if (by != "key" && by != "value") rt.fail("dictsort: 'by' must be 'key' or 'value'");
  std::vector<Value> pairs;
  std::vector<Value> keys;
  for (const auto& [key, value] : self.dict()->items()) {
    pairs.push_back(rt.tuple({key, value}));
    keys.push_back(ignore_case(rt, by == "key" ? key : value, arguments.truth(0, false)));
  }
  return rt.list(sorted(rt, std::move(pairs), std::move(keys), arguments.truth(2, false)));
}

Value batch(Runtime& rt, const Value& self, const Bound& arguments) {
  const int64_t size = arguments.integer(0);
  if (size < 1 || size > kMaxRange)
    rt.fail("batch: the size must be from 1 to {}, not {}", kMaxRange, size);
  std::vector<Value> out;
  std::vector<Value> row;
  for (const Value& element : elements(rt, self)) {
    if (row.size() == static_cast<size_t>(size)) out.push_back(rt.list(std::exchange(row, {})));
    row.push_back(element);
  }
  if (row.empty()) return rt.iterator(std::move(out));
  if (arguments.has(1) && !arguments[1].is_none())
    row.resize(static_cast<size_t>(size), arguments[1]);
  out.push_back(rt.list(std::move(row)));
  return rt.iterator(std::move(out));
}

constexpr Builtin kFilters[] = {
    {"batch", batch, "linecount ?fill_with"},
    {"count", length_filter, ""},
    {"dictsort", dictsort, "?case_sensitive by reverse"},
    {"first", first, ""},
    {"items", items, ""},
    {"join", join, "?d attribute"},
    {"last", last, ""},
    {"length", length_filter, ""},
    {"list", list, ""},
    {"max", extreme<true>, "?case_sensitive attribute"},
    {"min", extreme<false>, "?case_sensitive attribute"},
    {"reverse", reverse, ""},
    {"sort", sort, "?reverse case_sensitive attribute"},
    {"sum", sum, "?attribute start"},
    {"unique", unique, "?case_sensitive attribute"},
};

}  // namespace

std::span<const Builtin> sequence_filters() { return kFilters; }

}  // namespace jet::jinja
