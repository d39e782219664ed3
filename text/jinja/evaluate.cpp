// Expressions.
#include <algorithm>

#include "text/jinja/access.h"
#include "text/jinja/globals.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/repr.h"

namespace jet::jinja {

Value Interpreter::evaluate(const Expr& expr, Scope& scope) {
  const Runtime::Nested nested(rt_);
  rt_.step();
  return std::visit([&](const auto& node) { return evaluate(node, expr.at, scope); }, expr.node);
}

Value Interpreter::evaluate(const Literal& node, Position, Scope&) { return node.value; }

Value Interpreter::evaluate(const Name& node, Position at, Scope& scope) {
  if (const Value* held = scope.find(node.name)) return *held;
  rt_.at(at);
  if (is_unsupported_global(node.name)) rt_.fail("'{}' is not supported", node.name);
  return rt_.undefined("'{}' is undefined", node.name);
}

Value Interpreter::evaluate(const ListOf& node, Position at, Scope& scope) {
  std::vector<Value> items;
  items.reserve(node.items.size());
  for (const ExprPtr& item : node.items) items.push_back(evaluate(*item, scope));
  rt_.at(at);
  return rt_.sequence(node.kind, std::move(items));
}

Value Interpreter::evaluate(const DictOf& node, Position at, Scope& scope) {
  Dict dict;
  for (const auto& [key, value] : node.items) {
    Value held_key = evaluate(*key, scope);
    Value held = evaluate(*value, scope);
    rt_.at(key->at);
    if (!is_key(rt_, held_key)) rt_.fail("a '{}' cannot be a key", type_name(held_key));
    dict.set(std::move(held_key), std::move(held));
  }
  rt_.at(at);
  return rt_.dict(std::move(dict));
}

Value Interpreter::evaluate(const Attribute& node, Position at, Scope& scope) {
  const Value object = evaluate(*node.object, scope);
  rt_.at(at);
  return attribute(rt_, object, node.name);
}

Value Interpreter::evaluate(const Item& node, Position at, Scope& scope) {
  const Value object = evaluate(*node.object, scope);
  const Value key = evaluate(*node.key, scope);
  rt_.at(at);
  return item(rt_, object, key);
}

Value Interpreter::evaluate(const Slice& node, Position at, Scope& scope) {
  const Value object = evaluate(*node.object, scope);
  const auto bound = [&](const ExprPtr& expr) -> std::optional<int64_t> {
    if (!expr) return std::nullopt;
    const Value value = evaluate(*expr, scope);
    rt_.at(expr->at);
    if (value.is_none()) return std::nullopt;
    if (!value.is_integer())
      rt_.fail("a bound of a slice must be an integer, not '{}'", type_name(value));
    return value.integer();
  };
  const std::optional<int64_t> start = bound(node.start);
  const std::optional<int64_t> stop = bound(node.stop);
  const std::optional<int64_t> step = bound(node.step);
  rt_.at(at);
  return slice(rt_, object, {.start = start, .stop = stop, .step = step});
}

Arguments Interpreter::evaluate(const CallArguments& arguments, Scope& scope) {
  Arguments out;
  for (const ExprPtr& value : arguments.positional)
    out.positional.push_back(evaluate(*value, scope));
  for (const auto& [name, value] : arguments.named)
    out.named.emplace_back(name, evaluate(*value, scope));
  return out;
}

Value Interpreter::evaluate(const Call& node, Position at, Scope& scope) {
  const Value callee = evaluate(*node.callee, scope);
  const Arguments arguments = evaluate(node.arguments, scope);
  rt_.at(at);
  if (const auto* callable = std::get_if<std::shared_ptr<const Callable>>(&callee.data)) {
    return call(rt_, *(*callable)->builtin, (*callable)->self, arguments);
  }
  if (Macro* const* macro = std::get_if<Macro*>(&callee.data))
    return call_macro(**macro, arguments);
  require_defined(rt_, callee);
  if (callee.is<Loop*>()) rt_.fail("recursive loops are not supported");
  rt_.fail("a '{}' cannot be called", type_name(callee));
}

Value Interpreter::call_macro(const Macro& macro, const Arguments& arguments) {
  const MacroDefinition& definition = *macro.definition;
  const auto& parameters = definition.parameters;
  if (arguments.positional.size() > parameters.size()) {
    rt_.fail("macro '{}' takes at most {} arguments, {} are given", definition.name,
             parameters.size(), arguments.positional.size());
  }
  const Inner inner(*this, *macro.scope, definition.body.hidden);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].first;
    Value value = i < arguments.positional.size()
                      ? arguments.positional[i]
                      : rt_.undefined("parameter '{}' is not given", name);
    inner->names.insert_or_assign(name, std::move(value));
  }
  for (const auto& [name, value] : arguments.named) {
    const auto found =
        std::ranges::find(parameters, name, [](const auto& parameter) { return parameter.first; });
    const auto place = static_cast<size_t>(found - parameters.begin());
    if (found == parameters.end())
      rt_.fail("macro '{}' takes no argument named '{}'", definition.name, name);
    if (place < arguments.positional.size())
      rt_.fail("macro '{}' is given '{}' twice", definition.name, name);
    inner->names.insert_or_assign(found->first, value);
  }
  for (size_t i = arguments.positional.size(); i < parameters.size(); ++i) {
    const auto& [name, otherwise] = parameters[i];
    if (otherwise && !arguments.find(name))
      inner->names.insert_or_assign(name, evaluate(*otherwise, *inner));
  }
  std::string text;
  capture(definition.body, *inner, text);
  return rt_.text(std::move(text));
}

Value Interpreter::evaluate(const Filter& node, Position at, Scope& scope) {
  const Value input = node.input ? evaluate(*node.input, scope) : block_text_;
  const Arguments arguments = evaluate(node.arguments, scope);
  rt_.at(at);
  if (!node.filter) rt_.fail("filter '{}' is not known or not supported", node.name);
  return call(rt_, *node.filter, input, arguments);
}

Value Interpreter::evaluate(const Test& node, Position at, Scope& scope) {
  const Value input = evaluate(*node.input, scope);
  const Arguments arguments = evaluate(node.arguments, scope);
  rt_.at(at);
  if (!node.test) rt_.fail("test '{}' is not known or not supported", node.name);
  return call(rt_, *node.test, input, arguments);
}

Value Interpreter::evaluate(const Unary& node, Position at, Scope& scope) {
  const Value operand = evaluate(*node.operand, scope);
  rt_.at(at);
  return unary(rt_, node.op, operand);
}

Value Interpreter::evaluate(const Binary& node, Position at, Scope& scope) {
  const Value left = evaluate(*node.left, scope);
  const Value right = evaluate(*node.right, scope);
  rt_.at(at);
  return binary(rt_, node.op, left, right);
}

Value Interpreter::evaluate(const Logical& node, Position, Scope& scope) {
  Value left = evaluate(*node.left, scope);
  return truth(left) == node.is_and ? evaluate(*node.right, scope) : left;
}

Value Interpreter::evaluate(const Compare& node, Position at, Scope& scope) {
  Value left = evaluate(*node.first, scope);
  for (const auto& [op, expr] : node.rest) {
    Value right = evaluate(*expr, scope);
    rt_.at(at);
    if (!compare(rt_, op, left, right)) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Value Interpreter::evaluate(const Concat& node, Position at, Scope& scope) {
  std::string out;
  for (const ExprPtr& part : node.parts) {
    const Value value = evaluate(*part, scope);
    rt_.at(at);
    append_text(rt_, out, value);
  }
  return Value(std::move(out));
}

Value Interpreter::evaluate(const Conditional& node, Position at, Scope& scope) {
  if (truth(evaluate(*node.condition, scope))) return evaluate(*node.then, scope);
  if (node.otherwise) return evaluate(*node.otherwise, scope);
  rt_.at(at);
  return rt_.undefined("the condition is false and there is no else");
}

}  // namespace jet::jinja
