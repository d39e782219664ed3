// Python's operators.
#include "text/jinja/operators.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "text/jinja/numbers.h"
#include "text/jinja/printf.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

std::string_view symbol(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return "+";
    case BinaryOp::subtract:
      return "-";
    case BinaryOp::multiply:
      return "*";
    case BinaryOp::divide:
      return "/";
    case BinaryOp::floor_divide:
      return "//";
    case BinaryOp::modulo:
      return "%";
    case BinaryOp::power:
      return "**";
  }
  return {};
}

[[noreturn]] void overflow(Runtime& rt, BinaryOp op) {
  rt.fail("the result of '{}' does not fit 64 bits", symbol(op));
}

int64_t integer_power(Runtime& rt, int64_t base, int64_t exponent) {
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result))
      overflow(rt, BinaryOp::power);
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) overflow(rt, BinaryOp::power);
  }
  return result;
}

// Towards minus infinity, and the remainder with the sign of the divisor.
std::pair<int64_t, int64_t> floor_divide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  int64_t remainder = a % b;
  if (remainder != 0 && (remainder < 0) != (b < 0)) {
    --quotient;
    remainder += b;
  }
  return {quotient, remainder};
}

std::pair<double, double> floor_divide(double a, double b) {
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder == 0) {
    remainder = std::copysign(0.0, b);
  } else if ((remainder < 0) != (b < 0)) {
    remainder += b;
    quotient -= 1;
  }
  if (quotient == 0) return {std::copysign(0.0, a / b), remainder};
  const double whole = std::floor(quotient);
  return {quotient - whole > 0.5 ? whole + 1 : whole, remainder};
}

double real_power(Runtime& rt, double base, double exponent) {
  if (base == 0 && exponent < 0) rt.fail("0 cannot be raised to a negative power");
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) &&
      exponent != std::floor(exponent)) {
    rt.fail("a negative number raised to a fraction is no real number");
  }
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent))
    rt.fail("the result of '**' is too large");
  return result;
}

Value integers(Runtime& rt, BinaryOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case BinaryOp::add:
      if (__builtin_add_overflow(a, b, &result)) overflow(rt, op);
      return Value(result);
    case BinaryOp::subtract:
      if (__builtin_sub_overflow(a, b, &result)) overflow(rt, op);
      return Value(result);
    case BinaryOp::multiply:
      if (__builtin_mul_overflow(a, b, &result)) overflow(rt, op);
      return Value(result);
    case BinaryOp::divide:
      return Value(static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b)));
    case BinaryOp::floor_divide:
    case BinaryOp::modulo: {
      if (b == -1)
        return op == BinaryOp::modulo ? Value(0) : integers(rt, BinaryOp::subtract, 0, a);
      const auto [quotient, remainder] = floor_divide(a, b);
      return Value(op == BinaryOp::modulo ? remainder : quotient);
    }
    case BinaryOp::power:
      if (b < 0) return Value(real_power(rt, static_cast<double>(a), static_cast<double>(b)));
      return Value(integer_power(rt, a, b));
  }
  return {};
}

Value reals(Runtime& rt, BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::add:
      return Value(a + b);
    case BinaryOp::subtract:
      return Value(a - b);
    case BinaryOp::multiply:
      return Value(a * b);
    case BinaryOp::divide:
      return Value(a / b);
    case BinaryOp::floor_divide:
      return Value(floor_divide(a, b).first);
    case BinaryOp::modulo:
      return Value(floor_divide(a, b).second);
    case BinaryOp::power:
      return Value(real_power(rt, a, b));
  }
  return {};
}

bool is_list_or_tuple(const Value& value) {
  const Sequence* sequence = value.sequence();
  return sequence &&
         (sequence->kind == Sequence::Kind::list || sequence->kind == Sequence::Kind::tuple);
}

Value repeat(Runtime& rt, const Value& value, int64_t times) {
  if (times < 0) times = 0;
  const auto count = static_cast<size_t>(times);
  if (const std::string* text = value.text()) {
    if (!text->empty() && count > kMaxOutput / text->size()) {
      rt.fail("a string of {} bytes repeated {} times is more than {} bytes", text->size(), count,
              kMaxOutput);
    }
    std::string out;
    out.reserve(text->size() * count);
    for (size_t i = 0; i < count && !text->empty(); ++i) out += *text;
    return rt.text(std::move(out));
  }
  const Sequence& sequence = *value.sequence();
  if (!sequence.items.empty() && count > kMaxItems / sequence.items.size()) {
    rt.fail("a list of {} elements repeated {} times is too long", sequence.items.size(), count);
  }
  rt.grow(sequence.items.size() * count * sizeof(Value));
  std::vector<Value> out;
  for (size_t i = 0; i < count && !sequence.items.empty(); ++i) {
    out.insert(out.end(), sequence.items.begin(), sequence.items.end());
  }
  return rt.sequence(sequence.kind, std::move(out));
}

Value concatenate(Runtime& rt, const Sequence& a, const Sequence& b) {
  rt.check_items(a.items.size() + b.items.size());
  rt.grow((a.items.size() + b.items.size()) * sizeof(Value));
  std::vector<Value> out = a.items;
  out.insert(out.end(), b.items.begin(), b.items.end());
  return rt.sequence(a.kind, std::move(out));
}

std::partial_ordering order(Runtime& rt, const Value& left, const Value& right);

std::partial_ordering order(Runtime& rt, const Sequence& left, const Sequence& right) {
  const size_t shared = std::min(left.items.size(), right.items.size());
  for (size_t i = 0; i < shared; ++i) {
    if (!equal(rt, left.items[i], right.items[i])) return order(rt, left.items[i], right.items[i]);
  }
  return left.items.size() <=> right.items.size();
}

std::partial_ordering order(Runtime& rt, const Value& left, const Value& right) {
  require_defined(rt, left);
  require_defined(rt, right);
  if (left.is_number() && right.is_number()) return compare_numbers(left, right);
  if (left.text() && right.text()) {
    rt.step(std::min(left.text()->size(), right.text()->size()));
    return left.text()->compare(*right.text()) <=> 0;  // bytes of UTF-8 order as their code points
  }
  if (is_list_or_tuple(left) && is_list_or_tuple(right) &&
      left.sequence()->kind == right.sequence()->kind) {
    return order(rt, *left.sequence(), *right.sequence());
  }
  rt.fail("'{}' and '{}' have no order", type_name(left), type_name(right));
}

}  // namespace

bool truth(const Value& value) {
  if (const bool* boolean = std::get_if<bool>(&value.data)) return *boolean;
  if (const int64_t* integer = std::get_if<int64_t>(&value.data)) return *integer != 0;
  if (const double* real = std::get_if<double>(&value.data)) return *real != 0;
  if (const std::string* text = value.text()) return !text->empty();
  if (const Sequence* sequence = value.sequence()) return !sequence->items.empty();
  if (const Dict* dict = value.dict()) return dict->size() > 0;
  return !value.is_undefined() && !value.is_none();
}

void require_defined(Runtime& rt, const Value& value) {
  const auto* undefined = std::get_if<Undefined>(&value.data);
  if (undefined) rt.fail("{}", undefined->why ? *undefined->why : "the value is undefined");
}

Value binary(Runtime& rt, BinaryOp op, const Value& left, const Value& right) {
  rt.step();
  require_defined(rt, left);
  if (op == BinaryOp::modulo && left.text()) return rt.text(format_printf(rt, *left.text(), right));
  require_defined(rt, right);
  if (left.is_number() && right.is_number()) {
    const bool divides =
        op == BinaryOp::divide || op == BinaryOp::floor_divide || op == BinaryOp::modulo;
    if (divides && right.number() == 0) rt.fail("division by zero");
    if (left.is_integer() && right.is_integer())
      return integers(rt, op, left.integer(), right.integer());
    return reals(rt, op, left.number(), right.number());
  }
  if (op == BinaryOp::add) {
    if (left.text() && right.text()) return rt.text(*left.text() + *right.text());
    if (is_list_or_tuple(left) && is_list_or_tuple(right) &&
        left.sequence()->kind == right.sequence()->kind) {
      return concatenate(rt, *left.sequence(), *right.sequence());
    }
  }
  if (op == BinaryOp::multiply) {
    if ((left.text() || is_list_or_tuple(left)) && right.is_integer())
      return repeat(rt, left, right.integer());
    if ((right.text() || is_list_or_tuple(right)) && left.is_integer())
      return repeat(rt, right, left.integer());
  }
  rt.fail("'{}' does not work on '{}' and '{}'", symbol(op), type_name(left), type_name(right));
}

Value unary(Runtime& rt, UnaryOp op, const Value& operand) {
  if (op == UnaryOp::logical_not) return Value(!truth(operand));
  require_defined(rt, operand);
  if (!operand.is_number()) rt.fail("a sign does not work on '{}'", type_name(operand));
  if (operand.is_integer())
    return integers(rt, op == UnaryOp::plus ? BinaryOp::add : BinaryOp::subtract, 0,
                    operand.integer());
  return Value(op == UnaryOp::plus ? operand.number() : -operand.number());
}

bool equal(Runtime& rt, const Value& left, const Value& right) {
  rt.charge(1 + std::min(extent_of(left).weight, extent_of(right).weight));
  return equal(left, right);
}

bool less(Runtime& rt, const Value& left, const Value& right) {
  rt.step();
  return order(rt, left, right) == std::partial_ordering::less;
}

bool compare(Runtime& rt, CompareOp op, const Value& left, const Value& right) {
  rt.step();
  switch (op) {
    case CompareOp::equal:
      return equal(rt, left, right);
    case CompareOp::not_equal:
      return !equal(rt, left, right);
    case CompareOp::less:
      return std::is_lt(order(rt, left, right));
    case CompareOp::less_equal:
      return std::is_lteq(order(rt, left, right));
    case CompareOp::greater:
      return std::is_gt(order(rt, left, right));
    case CompareOp::greater_equal:
      return std::is_gteq(order(rt, left, right));
    case CompareOp::in:
      return contains(rt, right, left);
    case CompareOp::not_in:
      return !contains(rt, right, left);
  }
  return false;
}

bool is_key(Runtime& rt, const Value& value) {
  rt.charge(extent_of(value).weight);
  return is_hashable(value);
}

bool contains(Runtime& rt, const Value& container, const Value& element) {
  if (const std::string* text = container.text()) {
    if (!element.text()) rt.fail("only a string can be in a string, not '{}'", type_name(element));
    return find_text(rt, *text, *element.text()) != std::string_view::npos;
  }
  if (const Dict* dict = container.dict()) {
    if (!is_key(rt, element)) rt.fail("a '{}' cannot be a key", type_name(element));
    return dict->find(element) != nullptr;
  }
  const auto is_element = [&](const Value& item) { return equal(rt, item, element); };
  if (const Sequence* sequence = container.sequence())
    return std::ranges::any_of(sequence->items, is_element);
  if (const auto* held = std::get_if<std::shared_ptr<Iterator>>(&container.data)) {
    Iterator& iterator = **held;
    while (iterator.next < iterator.items.size()) {
      if (is_element(iterator.items[iterator.next++])) return true;
    }
    return false;
  }
  if (container.is_undefined()) return false;
  rt.fail("'in' does not work on '{}'", type_name(container));
}

std::vector<Value> elements(Runtime& rt, const Value& iterable) {
  std::vector<Value> out;
  if (const Sequence* sequence = iterable.sequence()) {
    rt.grow(sequence->items.size() * sizeof(Value));
    out = sequence->items;
  } else if (const Dict* dict = iterable.dict()) {
    rt.grow(dict->size() * sizeof(Value));
    for (const auto& [key, value] : dict->items()) out.push_back(key);
  } else if (const std::string* text = iterable.text()) {
    constexpr size_t kCharacterBytes = 64;  // a Value and the string it shares
    rt.grow(text->size() * kCharacterBytes);
    for (const std::string_view character : characters(*text)) out.emplace_back(character);
  } else if (const auto* held = std::get_if<std::shared_ptr<Iterator>>(&iterable.data)) {
    Iterator& iterator = **held;
    out.assign(iterator.items.begin() + static_cast<std::ptrdiff_t>(iterator.next),
               iterator.items.end());
    iterator.next = iterator.items.size();
  } else if (!iterable.is_undefined()) {
    rt.fail("'{}' cannot be iterated", type_name(iterable));
  }
  rt.charge(1 + out.size() / 16);
  return out;
}

int64_t length(Runtime& rt, const Value& value) {
  if (const std::string* text = value.text()) {
    rt.step(text->size());
    return static_cast<int64_t>(code_points(*text));
  }
  if (const Sequence* sequence = value.sequence())
    return static_cast<int64_t>(sequence->items.size());
  if (const Dict* dict = value.dict()) return static_cast<int64_t>(dict->size());
  if (Loop* const* loop = std::get_if<Loop*>(&value.data)) return (*loop)->count();
  if (value.is_undefined()) return 0;
  rt.fail("'{}' has no length", type_name(value));
}

size_t find_text(Runtime& rt, std::string_view text, std::string_view what, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (what.empty()) return from;
  // std::string_view::find is quadratic at its worst, memmem is not.
  const void* found = memmem(text.data() + from, text.size() - from, what.data(), what.size());
  const size_t at = found ? static_cast<size_t>(static_cast<const char*>(found) - text.data())
                          : std::string_view::npos;
  rt.step((found ? at : text.size()) - from);
  return at;
}

}  // namespace jet::jinja
