// Methods of dicts, lists, tuples, ranges and loops.
#include "text/jinja/methods.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

Value get(Runtime& rt, const Value& self, const Bound& arguments) {
  if (!is_key(rt, arguments[0])) rt.fail("get(): a '{}' cannot be a key", type_name(arguments[0]));
  const Value* held = self.dict()->find(arguments[0]);
  return held ? *held : arguments.value(1, Value(None()));
}

Value keys(Runtime& rt, const Value& self, const Bound&) {
  return rt.sequence(Sequence::Kind::keys, elements(rt, self));
}

Value values(Runtime& rt, const Value& self, const Bound&) {
  rt.charge(self.dict()->size() / 16);
  std::vector<Value> out;
  for (const auto& [key, value] : self.dict()->items()) out.push_back(value);
  return rt.sequence(Sequence::Kind::values, std::move(out));
}

Value items(Runtime& rt, const Value& self, const Bound&) {
  std::vector<Value> out;
  for (const auto& [key, value] : self.dict()->items()) {
    rt.step();
    out.push_back(rt.tuple({key, value}));
  }
  return rt.sequence(Sequence::Kind::items, std::move(out));
}

Value copy(Runtime&, const Value& self, const Bound&) { return self; }

Value count(Runtime& rt, const Value& self, const Bound& arguments) {
  int64_t found = 0;
  for (const Value& item : self.sequence()->items) found += equal(rt, item, arguments[0]) ? 1 : 0;
  return Value(found);
}

Value index(Runtime& rt, const Value& self, const Bound& arguments) {
  const std::vector<Value>& all = self.sequence()->items;
  for (size_t i = 0; i < all.size(); ++i) {
    if (equal(rt, all[i], arguments[0])) return Value(static_cast<int64_t>(i));
  }
  rt.fail("index(): the value is not in the {}", type_name(self));
}

Value cycle(Runtime& rt, const Value& self, const Bound& arguments) {
  const std::vector<Value>& all = arguments.raw().positional;
  if (all.empty() || !arguments.raw().named.empty())
    rt.fail("loop.cycle() needs values, without names");
  const auto at = static_cast<size_t>(std::get<Loop*>(self.data)->index0);
  return all[at % all.size()];
}

Value changed(Runtime& rt, const Value& self, const Bound& arguments) {
  if (!arguments.raw().named.empty()) rt.fail("loop.changed() takes no names");
  Loop& loop = *std::get<Loop*>(self.data);
  Value now = rt.tuple(arguments.raw().positional);
  if (loop.changed && equal(rt, *loop.changed, now)) return Value(false);
  loop.changed = std::move(now);
  return Value(true);
}

constexpr Builtin kDictMethods[] = {
    {"copy", copy, ""}, {"get", get, "/key ?/default"}, {"items", items, ""},
    {"keys", keys, ""}, {"values", values, ""},
};
constexpr Builtin kListMethods[] = {{"count", count, "/value"}, {"index", index, "/value"}};
constexpr Builtin kLoopMethods[] = {{"changed", changed, "..."}, {"cycle", cycle, "..."}};

}  // namespace

std::span<const Builtin> dict_methods() { return kDictMethods; }
std::span<const Builtin> list_methods() { return kListMethods; }
std::span<const Builtin> loop_methods() { return kLoopMethods; }

}  // namespace jet::jinja
