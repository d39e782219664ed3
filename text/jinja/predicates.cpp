// The tests of `is`.
#include "text/jinja/predicates.h"

#include "text/jinja/operators.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_operations.h"

namespace jet::jinja {
namespace {

template <CompareOp op>
Value compares(Runtime& rt, const Value& self, const Bound& arguments) {
  return Value(compare(rt, op, self, arguments[0]));
}

// self % by == rest, for any numbers.
bool leaves(Runtime& rt, const Value& self, const Value& by, int64_t rest) {
  if (self.text()) rt.fail("a string is not divisible");
  return equal(rt, binary(rt, BinaryOp::modulo, self, by), Value(rest));
}
Value is_odd(Runtime& rt, const Value& self, const Bound&) {
  return Value(leaves(rt, self, Value(2), 1));
}
Value is_even(Runtime& rt, const Value& self, const Bound&) {
  return Value(leaves(rt, self, Value(2), 0));
}
Value is_divisible(Runtime& rt, const Value& self, const Bound& arguments) {
  return Value(leaves(rt, self, arguments[0], 0));
}

Value is_defined(Runtime&, const Value& self, const Bound&) { return Value(!self.is_undefined()); }
Value is_undefined(Runtime&, const Value& self, const Bound&) { return Value(self.is_undefined()); }
Value is_none(Runtime&, const Value& self, const Bound&) { return Value(self.is_none()); }
Value is_boolean(Runtime&, const Value& self, const Bound&) { return Value(self.is<bool>()); }
template <bool wanted>
Value is_the_boolean(Runtime&, const Value& self, const Bound&) {
  return Value(self.is<bool>() && std::get<bool>(self.data) == wanted);
}
Value is_integer(Runtime&, const Value& self, const Bound&) { return Value(self.is<int64_t>()); }
Value is_float(Runtime&, const Value& self, const Bound&) { return Value(self.is<double>()); }
Value is_number(Runtime&, const Value& self, const Bound&) { return Value(self.is_number()); }
Value is_string(Runtime&, const Value& self, const Bound&) { return Value(self.text() != nullptr); }
Value is_mapping(Runtime&, const Value& self, const Bound&) {
  return Value(self.dict() != nullptr);
}

bool is_indexed(const Value& value) {
  const Sequence* sequence = value.sequence();
  return value.text() || value.dict() || (sequence && sequence->kind <= Sequence::Kind::range);
}
// An undefined value has a length and fails only when it is indexed.
Value is_sequence(Runtime&, const Value& self, const Bound&) {
  return Value(is_indexed(self) || self.is_undefined());
}
Value is_iterable(Runtime&, const Value& self, const Bound&) {
  const bool iterable = self.text() || self.dict() || self.sequence() || self.is_undefined() ||
                        self.is<Loop*>() || self.is<std::shared_ptr<Iterator>>();
  return Value(iterable);
}
Value is_callable(Runtime&, const Value& self, const Bound&) {
  const bool callable =
      self.is<std::shared_ptr<const Callable>>() || self.is<Macro*>() || self.is<Loop*>();
  return Value(callable || self.is_undefined());
}

template <CaseKind kind>
Value case_is(Runtime& rt, const Value& self, const Bound&) {
  return Value(has_case(to_text(rt, self), kind));
}

Value is_in(Runtime& rt, const Value& self, const Bound& arguments) {
  return Value(contains(rt, arguments[0], self));
}
Value is_escaped(Runtime&, const Value&, const Bound&) { return Value(false); }
Value is_filter(Runtime&, const Value& self, const Bound&) {
  return Value(self.text() && find_filter(*self.text()) != nullptr);
}
Value is_test(Runtime&, const Value& self, const Bound&) {
  return Value(self.text() && find_test(*self.text()) != nullptr);
}

// Objects are the same; equal numbers and strings need not be in Python, so that only the constants
// are decided.
Value is_same(Runtime& rt, const Value& self, const Bound& arguments) {
  const Value& other = arguments[0];
  if (self.data.index() != other.data.index()) return Value(false);
  const bool constant =
      self.is_none() || self.is<bool>() || self.is<Namespace*>() || self.is<Macro*>();
  if (!constant)
    rt.fail("sameas is supported for none, booleans, namespaces and macros, not for '{}'",
            type_name(self));
  return Value(equal(self, other));
}

constexpr Builtin kTests[] = {
    {"!=", compares<CompareOp::not_equal>, "/other"},
    {"<", compares<CompareOp::less>, "/other"},
    {"<=", compares<CompareOp::less_equal>, "/other"},
    {"==", compares<CompareOp::equal>, "/other"},
    {">", compares<CompareOp::greater>, "/other"},
    {">=", compares<CompareOp::greater_equal>, "/other"},
    {"boolean", is_boolean, ""},
    {"callable", is_callable, ""},
    {"defined", is_defined, ""},
    {"divisibleby", is_divisible, "num"},
    {"eq", compares<CompareOp::equal>, "/other"},
    {"equalto", compares<CompareOp::equal>, "/other"},
    {"escaped", is_escaped, ""},
    {"even", is_even, ""},
    {"false", is_the_boolean<false>, ""},
    {"filter", is_filter, ""},
    {"float", is_float, ""},
    {"ge", compares<CompareOp::greater_equal>, "/other"},
    {"greaterthan", compares<CompareOp::greater>, "/other"},
    {"gt", compares<CompareOp::greater>, "/other"},
    {"in", is_in, "seq"},
    {"integer", is_integer, ""},
    {"iterable", is_iterable, ""},
    {"le", compares<CompareOp::less_equal>, "/other"},
    {"lessthan", compares<CompareOp::less>, "/other"},
    {"lower", case_is<CaseKind::lower>, ""},
    {"lt", compares<CompareOp::less>, "/other"},
    {"mapping", is_mapping, ""},
    {"ne", compares<CompareOp::not_equal>, "/other"},
    {"none", is_none, ""},
    {"number", is_number, ""},
    {"odd", is_odd, ""},
    {"sameas", is_same, "other"},
    {"sequence", is_sequence, ""},
    {"string", is_string, ""},
    {"test", is_test, ""},
    {"true", is_the_boolean<true>, ""},
    {"undefined", is_undefined, ""},
    {"upper", case_is<CaseKind::upper>, ""},
};

}  // namespace

std::span<const Builtin> predicates() { return kTests; }

}  // namespace jet::jinja
