// The filters, tests, functions and methods that templates may use: found by name, called with
// bound arguments.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace jet::jinja {

// As they stand at the call.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
  const Value* find(std::string_view name) const;
};

// Arguments by the place of their parameter.
class Bound {
 public:
  Bound(const Builtin& builtin, const Arguments& raw, Runtime& rt);

  bool has(size_t i) const { return i < values_.size() && values_[i].has_value(); }
  const Value& operator[](size_t i) const { return *values_[i]; }
  Value value(size_t i, const Value& otherwise) const { return has(i) ? *values_[i] : otherwise; }
  // Error when the argument is of another type. A bool counts as an integer.
  int64_t integer(size_t i, int64_t otherwise) const;
  int64_t integer(size_t i) const;
  const std::string& text(size_t i) const;
  std::string_view text(size_t i, std::string_view otherwise) const;
  bool truth(size_t i, bool otherwise) const;
  // Whatever was written, for functions whose parameters are open.
  const Arguments& raw() const { return raw_; }

 private:
  const Builtin& builtin_;
  const Arguments& raw_;
  Runtime& rt_;
  std::vector<std::optional<Value>> values_;
};

// `self` is a filter's or test's input, or a method's object.
using Function = Value (*)(Runtime& rt, const Value& self, const Bound& arguments);

struct Builtin {
  std::string_view name;
  Function run;
  // Names separated by blanks; "?" before one: may be left out, it and all that follow; "/" before
  // one (after the
  // "?"): cannot be given by name; "..." alone: any arguments, taken from raw().
  std::string_view parameters = {};
};

Value call(Runtime& rt, const Builtin& builtin, const Value& self, const Arguments& arguments);

// Null when there is none.
const Builtin* find_filter(std::string_view name);
const Builtin* find_test(std::string_view name);
// For filters that apply a filter or test by name (map, select): Error when there is none.
const Builtin& filter_named(Runtime& rt, const Value& name);
const Builtin& test_named(Runtime& rt, const Value& name);
struct Method {
  enum class Status { absent, unsafe, unsupported, known };
  Status status = Status::absent;
  const Builtin* builtin = nullptr;
};
// The attribute `name` of the object as Python's type defines it: what the sandbox forbids is
// unsafe, what exists in Python and not here is unsupported.
Method find_method(const Value& object, std::string_view name);

}  // namespace jet::jinja
