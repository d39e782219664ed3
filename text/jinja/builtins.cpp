// Binding of arguments, and the tables of filters.
#include "text/jinja/builtins.h"

#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/operators.h"
#include "text/jinja/predicates.h"

namespace jet::jinja {
namespace {

struct Parameter {
  std::string_view name;
  bool optional = false;
  bool by_place_only = false;
};

std::vector<Parameter> parse_parameters(std::string_view text) {
  std::vector<Parameter> out;
  bool optional = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.starts_with('?')) {
      optional = true;
      word.remove_prefix(1);
    }
    const bool by_place_only = word.starts_with('/');
    if (by_place_only) word.remove_prefix(1);
    out.push_back({.name = word, .optional = optional, .by_place_only = by_place_only});
  }
  return out;
}

const Builtin* find(std::span<const Builtin> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Builtin::name);
  return found == table.end() ? nullptr : &*found;
}

const Builtin& find_or_fail(Runtime& rt, const Value& name,
                            const Builtin* (*find)(std::string_view), std::string_view what) {
  const std::string* text = name.text();
  if (!text) rt.fail("the name of a {} must be a string, not {}", what, type_name(name));
  const Builtin* found = find(*text);
  if (!found) rt.fail("{} '{}' is not known or not supported", what, *text);
  return *found;
}

}  // namespace

const Value* Arguments::find(std::string_view name) const {
  const auto found = std::ranges::find(named, name, &std::pair<std::string, Value>::first);
  return found == named.end() ? nullptr : &found->second;
}

Bound::Bound(const Builtin& builtin, const Arguments& raw, Runtime& rt)
    : builtin_(builtin), raw_(raw), rt_(rt) {
  if (builtin.parameters == "...") return;
  const std::vector<Parameter> parameters = parse_parameters(builtin.parameters);
  if (raw.positional.size() > parameters.size()) {
    rt.fail("{}() takes at most {} arguments, {} are given", builtin.name, parameters.size(),
            raw.positional.size());
  }
  values_.resize(parameters.size());
  std::ranges::copy(raw.positional, values_.begin());
  for (const auto& argument : raw.named) {
    const auto takes = [&](const Parameter& parameter) {
      return parameter.name == argument.first && !parameter.by_place_only;
    };
    const auto found = std::ranges::find_if(parameters, takes);
    if (found == parameters.end())
      rt.fail("{}() takes no argument named '{}'", builtin.name, argument.first);
    std::optional<Value>& slot = values_[static_cast<size_t>(found - parameters.begin())];
    if (slot) rt.fail("{}() is given '{}' twice", builtin.name, argument.first);
    slot = argument.second;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!values_[i] && !parameters[i].optional)
      rt.fail("{}() needs the argument '{}'", builtin.name, parameters[i].name);
  }
}

int64_t Bound::integer(size_t i) const {
  if (!values_[i]->is_integer()) {
    rt_.fail("{}(): argument {} must be an integer, not {}", builtin_.name, i + 1,
             type_name(*values_[i]));
  }
  return values_[i]->integer();
}
int64_t Bound::integer(size_t i, int64_t otherwise) const {
  return has(i) ? integer(i) : otherwise;
}

const std::string& Bound::text(size_t i) const {
  const std::string* text = values_[i]->text();
  if (!text)
    rt_.fail("{}(): argument {} must be a string, not {}", builtin_.name, i + 1,
             type_name(*values_[i]));
  return *text;
}
std::string_view Bound::text(size_t i, std::string_view otherwise) const {
  return has(i) ? std::string_view(text(i)) : otherwise;
}

bool Bound::truth(size_t i, bool otherwise) const {
  return has(i) ? jinja::truth(*values_[i]) : otherwise;
}

Value call(Runtime& rt, const Builtin& builtin, const Value& self, const Arguments& arguments) {
  rt.step();
  const Bound bound(builtin, arguments, rt);
  return builtin.run(rt, self, bound);
}

const Builtin* find_filter(std::string_view name) {
  for (const std::span<const Builtin> table :
       {text_filters(), sequence_filters(), selection_filters()}) {
    if (const Builtin* found = find(table, name)) return found;
  }
  return nullptr;
}
const Builtin* find_test(std::string_view name) { return find(predicates(), name); }

const Builtin& filter_named(Runtime& rt, const Value& name) {
  return find_or_fail(rt, name, find_filter, "filter");
}
const Builtin& test_named(Runtime& rt, const Value& name) {
  return find_or_fail(rt, name, find_test, "test");
}

}  // namespace jet::jinja
