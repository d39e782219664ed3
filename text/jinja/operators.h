// Python's operators on values. Failures name the place the Runtime is at.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "text/jinja/ast.h"
#include "text/jinja/runtime.h"

namespace jet::jinja {

bool truth(const Value& value);
Value binary(Runtime& rt, BinaryOp op, const Value& left, const Value& right);
Value unary(Runtime& rt, UnaryOp op, const Value& operand);
bool compare(Runtime& rt, CompareOp op, const Value& left, const Value& right);
// equal() that counts its steps.
bool equal(Runtime& rt, const Value& left, const Value& right);
// left < right, for sorting too; Error for what Python does not order.
bool less(Runtime& rt, const Value& left, const Value& right);
// Whether a dict can be asked for it; counts what that costs.
bool is_key(Runtime& rt, const Value& value);
bool contains(Runtime& rt, const Value& container, const Value& element);

// Throws the Error of an undefined value if it is one.
void require_defined(Runtime& rt, const Value& value);
// What iteration visits: elements, keys, characters. Error for what cannot be iterated; reads an
// iterator to its end.
std::vector<Value> elements(Runtime& rt, const Value& iterable);
// Number of elements or characters; Error for what has none.
int64_t length(Runtime& rt, const Value& value);
// Offset of `what` at or behind `from`, npos if there is none. Linear time.
size_t find_text(Runtime& rt, std::string_view text, std::string_view what, size_t from = 0);

}  // namespace jet::jinja
