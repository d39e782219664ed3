// Filters that apply other filters and tests, and default.
#include "text/jinja/access.h"
#include "text/jinja/filters.h"
#include "text/jinja/operators.h"

namespace jet::jinja {
namespace {

// Python makes a generator and runs it later; the elements are the same.
Value map(Runtime& rt, const Value& self, const Bound& bound) {
  if (!truth(self)) return rt.iterator({});
  const Arguments& given = bound.raw();
  std::vector<Value> out;
  const Value* path = given.find("attribute");
  if (given.positional.empty() && path) {
    const Value* otherwise = given.find("default");
    if (given.named.size() > (otherwise ? 2U : 1U))
      rt.fail("map takes no argument but 'attribute' and 'default'");
    if (otherwise && otherwise->is_none()) otherwise = nullptr;
    for (const Value& element : elements(rt, self))
      out.push_back(follow_path(rt, element, *path, otherwise));
    return rt.iterator(std::move(out));
  }
  if (given.positional.empty()) rt.fail("map needs the name of a filter, or attribute=");
  const Builtin& filter = filter_named(rt, given.positional[0]);
  const Arguments rest{.positional = {given.positional.begin() + 1, given.positional.end()},
                       .named = given.named};
  const Runtime::Nested nested(rt);
  for (const Value& element : elements(rt, self)) out.push_back(call(rt, filter, element, rest));
  return rt.iterator(std::move(out));
}

template <bool wanted, bool by_attribute>
Value select(Runtime& rt, const Value& self, const Bound& bound) {
  if (!truth(self)) return rt.iterator({});
  const Arguments& given = bound.raw();
  const size_t name = by_attribute ? 1 : 0;
  if (given.positional.size() < name) rt.fail("the name of the attribute is missing");
  const Builtin* test =
      given.positional.size() > name ? &test_named(rt, given.positional[name]) : nullptr;
  Arguments rest{.positional = {}, .named = given.named};
  if (test)
    rest.positional.assign(given.positional.begin() + static_cast<std::ptrdiff_t>(name) + 1,
                           given.positional.end());
  std::vector<Value> out;
  for (const Value& element : elements(rt, self)) {
    const Value value = by_attribute ? follow_path(rt, element, given.positional[0]) : element;
    if (truth(test ? call(rt, *test, value, rest) : value) == wanted) out.push_back(element);
  }
  return rt.iterator(std::move(out));
}

Value default_value(Runtime&, const Value& self, const Bound& arguments) {
  const bool replaced = self.is_undefined() || (arguments.truth(1, false) && !truth(self));
  return replaced ? arguments.value(0, Value("")) : self;
}

constexpr Builtin kFilters[] = {
    {"d", default_value, "?default_value boolean"},
    {"default", default_value, "?default_value boolean"},
    {"map", map, "..."},
    {"reject", select<false, false>, "..."},
    {"rejectattr", select<false, true>, "..."},
    {"select", select<true, false>, "..."},
    {"selectattr", select<true, true>, "..."},
};

}  // namespace

std::span<const Builtin> selection_filters() { return kFilters; }

}  // namespace jet::jinja
