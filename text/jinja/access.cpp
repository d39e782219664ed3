// Attributes, items and slices.
#include "text/jinja/access.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "text/jinja/builtins.h"
#include "text/jinja/operators.h"
#include "text/jinja/repr.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

std::optional<Value> loop_property(Runtime& rt, Loop& loop, std::string_view name) {
  if (name == "index") return Value(loop.index0 + 1);
  if (name == "index0") return Value(loop.index0);
  if (name == "first") return Value(loop.index0 == 0);
  if (name == "last") return Value(loop.is_last());
  if (name == "length") return Value(loop.count());
  if (name == "revindex") return Value(loop.count() - loop.index0);
  if (name == "revindex0") return Value(loop.count() - loop.index0 - 1);
  if (name == "depth") return Value(1);
  if (name == "depth0") return Value(0);
  if (name == "previtem")
    return loop.index0 > 0 ? *loop.previous : rt.undefined("there is no previous item");
  if (name == "nextitem") {
    std::optional<Value> next = loop.peek();
    return next ? *next : rt.undefined("there is no next item");
  }
  return std::nullopt;
}

// What Python's getattr() finds.
std::optional<Value> own_attribute(Runtime& rt, const Value& object, std::string_view name) {
  if (name.starts_with("__")) {
    return rt.undefined("access to attribute '{}' of '{}' is not safe", name, type_name(object));
  }
  if (Namespace* const* space = std::get_if<Namespace*>(&object.data)) {
    rt.charge(1 + (*space)->attributes.size() / 16);
    const Value* held = (*space)->find(name);
    if (held) return *held;
    return std::nullopt;
  }
  if (Loop* const* loop = std::get_if<Loop*>(&object.data)) {
    if (std::optional<Value> property = loop_property(rt, **loop, name)) return property;
  }
  const Method method = find_method(object, name);
  switch (method.status) {
    case Method::Status::absent:
      return std::nullopt;
    case Method::Status::known:
      return rt.method(*method.builtin, object);
    case Method::Status::unsafe:
      return rt.undefined("'{}' would change a '{}': templates may not", name, type_name(object));
    case Method::Status::unsupported:
      rt.fail("attribute '{}' of '{}' is not supported", name, type_name(object));
  }
  return std::nullopt;
}

// -1 when it is out of range.
int64_t place(int64_t index, int64_t count) {
  if (index < 0) index += count;
  return index >= 0 && index < count ? index : -1;
}

std::optional<Value> element(Runtime& rt, const Value& object, int64_t index) {
  if (const std::string* text = object.text()) {
    const int64_t at = place(index, length(rt, object));
    if (at < 0) return std::nullopt;
    const size_t offset = offset_of(*text, static_cast<size_t>(at));
    return Value(std::string_view(*text).substr(
        offset, offset_of(std::string_view(*text).substr(offset), 1)));
  }
  const Sequence* sequence = object.sequence();
  if (!sequence || sequence->kind > Sequence::Kind::range) return std::nullopt;
  const int64_t at = place(index, static_cast<int64_t>(sequence->items.size()));
  if (at < 0) return std::nullopt;
  return sequence->items[static_cast<size_t>(at)];
}

struct Steps {
  int64_t start, stop, step;
  int64_t count;
};

// Python's slice.indices(): bounds cut to the length.
Steps resolve(Runtime& rt, const SliceBounds& bounds, int64_t count) {
  const int64_t step = std::max(bounds.step.value_or(1), -std::numeric_limits<int64_t>::max());
  if (step == 0) rt.fail("the step of a slice cannot be 0");
  const int64_t lowest = step < 0 ? -1 : 0;
  const int64_t highest = step < 0 ? count - 1 : count;
  const auto cut = [&](int64_t bound) {
    return std::clamp(bound < 0 ? bound + count : bound, lowest, highest);
  };
  const int64_t start = bounds.start ? cut(*bounds.start) : (step < 0 ? highest : lowest);
  const int64_t stop = bounds.stop ? cut(*bounds.stop) : (step < 0 ? lowest : highest);
  int64_t taken = 0;
  if (step > 0 && start < stop) taken = (stop - start - 1) / step + 1;
  if (step < 0 && start > stop) taken = (start - stop - 1) / -step + 1;
  return {start, stop, step, taken};
}

Sequence::Range part_of(Runtime& rt, const Sequence::Range& range, const Steps& steps) {
  const auto at = [&](int64_t index) {
    int64_t value = 0;
    const bool fits = !__builtin_mul_overflow(index, range.step, &value) &&
                      !__builtin_add_overflow(value, range.start, &value);
    if (!fits) rt.fail("a bound of this range does not fit 64 bits");
    return value;
  };
  Sequence::Range part{.start = at(steps.start), .stop = at(steps.stop), .step = 1};
  if (__builtin_mul_overflow(range.step, steps.step, &part.step))
    rt.fail("the step of this range does not fit 64 bits");
  return part;
}

}  // namespace

Value attribute(Runtime& rt, const Value& object, std::string_view name) {
  rt.step();
  require_defined(rt, object);
  if (std::optional<Value> own = own_attribute(rt, object, name)) return *own;
  if (const Dict* dict = object.dict()) {
    if (const Value* held = dict->find(name)) return *held;
  }
  return rt.undefined("'{}' has no attribute '{}'", type_name(object), name);
}

Value item(Runtime& rt, const Value& object, const Value& key) {
  rt.step();
  require_defined(rt, object);
  if (const Dict* dict = object.dict(); dict && is_key(rt, key)) {
    if (const Value* held = dict->find(key)) return *held;
  }
  if (key.is_integer()) {
    if (std::optional<Value> found = element(rt, object, key.integer())) return *found;
  }
  if (const std::string* name = key.text()) {
    if (std::optional<Value> own = own_attribute(rt, object, *name)) return *own;
    return rt.undefined("'{}' has no attribute '{}'", type_name(object), name->substr(0, 80));
  }
  return rt.undefined(
      "'{}' has no element {}", type_name(object),
      key.is_number() || key.is_none() ? to_text(rt, key) : std::string(type_name(key)));
}

Value slice(Runtime& rt, const Value& object, const SliceBounds& bounds) {
  rt.step();
  require_defined(rt, object);
  if (const std::string* text = object.text()) {
    const Steps steps = resolve(rt, bounds, length(rt, object));
    const std::string_view whole = *text;
    if (steps.step == 1) {
      const size_t from = offset_of(whole, static_cast<size_t>(steps.start));
      const size_t bytes = offset_of(whole.substr(from), static_cast<size_t>(steps.count));
      return rt.text(std::string(whole.substr(from, bytes)));
    }
    rt.step(whole.size() * 16);
    const std::vector<std::string_view> all = characters(whole);
    std::string out;
    for (int64_t i = 0; i < steps.count; ++i)
      out += all[static_cast<size_t>(steps.start + i * steps.step)];
    return rt.text(std::move(out));
  }
  const Sequence* sequence = object.sequence();
  if (!sequence || sequence->kind > Sequence::Kind::range)
    rt.fail("'{}' cannot be sliced", type_name(object));
  const Steps steps = resolve(rt, bounds, static_cast<int64_t>(sequence->items.size()));
  rt.grow(static_cast<size_t>(steps.count) * sizeof(Value));
  std::vector<Value> out;
  for (int64_t i = 0; i < steps.count; ++i)
    out.push_back(sequence->items[static_cast<size_t>(steps.start + i * steps.step)]);
  if (sequence->kind != Sequence::Kind::range) return rt.sequence(sequence->kind, std::move(out));
  return rt.range(part_of(rt, sequence->range, steps), std::move(out));
}

Value follow_path(Runtime& rt, const Value& object, const Value& path, const Value* otherwise) {
  if (path.is_none()) return object;
  const auto next = [&](const Value& from, const Value& key) {
    Value found = item(rt, from, key);
    return otherwise && found.is_undefined() ? *otherwise : found;
  };
  const std::string* text = path.text();
  if (!text) return next(object, path);
  Value at = object;
  for (std::string_view rest = *text;;) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view part = rest.substr(0, dot);
    int64_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool number = error == std::errc() && end == part.data() + part.size() && part[0] != '-';
    at = next(at, number ? Value(index) : Value(part));
    if (dot == rest.size()) return at;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace jet::jinja
