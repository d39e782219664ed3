// Statements.
#include <utility>

#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/repr.h"

namespace jet::jinja {
namespace {

constexpr uint64_t kRoundSteps = 4;  // a round makes a scope

}  // namespace

Interpreter::Inner::Inner(Interpreter& interpreter, Scope& parent, const HiddenNames& hidden)
    : interpreter_(interpreter), scope_(std::make_unique<Scope>()) {
  interpreter_.rt_.grow(sizeof(Scope));
  scope_->parent = &parent;
  if (!hidden) return;
  for (const std::string& name : *hidden) {
    scope_->names.emplace(name, interpreter_.rt_.undefined("'{}' is undefined", name));
  }
}

Interpreter::Inner::~Inner() {
  if (scope_->captured) interpreter_.captured_.push_back(std::move(scope_));
}

std::string Interpreter::run(const Body& program) {
  std::string out;
  out_ = &out;
  const Inner scope(*this, input_, program.hidden);
  execute(program.statements, *scope);
  return out;
}

Interpreter::Flow Interpreter::execute(const Block& block, Scope& scope) {
  const Runtime::Nested nested(rt_);
  for (const Statement& statement : block) {
    rt_.at(statement.at);
    rt_.step();
    const Flow flow =
        std::visit([&](const auto& node) { return execute(node, scope); }, statement.node);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const Data& node, Scope&) {
  rt_.append(*out_, node.text);
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const Output& node, Scope& scope) {
  const Value value = evaluate(*node.value, scope);
  rt_.at(node.value->at);
  append_text(rt_, *out_, value);
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const If& node, Scope& scope) {
  for (const auto& [condition, body] : node.branches) {
    if (truth(evaluate(*condition, scope))) return execute(body, scope);
  }
  return execute(node.otherwise, scope);
}

Loop& Interpreter::start_loop(const For& node, Scope& scope) {
  const Value iterable = evaluate(*node.iterable, scope);
  rt_.at(node.iterable->at);
  std::vector<Value> items = elements(rt_, iterable);
  Loop loop;
  if (!node.filter) loop.length = items.size();
  loop.source = [this, &node, &scope, items = std::move(items),
                 next = size_t{0}]() mutable -> std::optional<Value> {
    for (; next < items.size(); ++next) {
      if (!node.filter) return items[next++];
      const Inner inner(*this, scope);
      assign(node.target, items[next], *inner);
      if (truth(evaluate(*node.filter, *inner))) return items[next++];
    }
    return std::nullopt;
  };
  return rt_.make_loop(std::move(loop));
}

Interpreter::Flow Interpreter::execute(const For& node, Scope& scope) {
  Loop& loop = start_loop(node, scope);
  bool completed = false;  // one round at least, to its end: as in Jinja `continue` does not count
  bool left = false;
  while (!left && loop.advance()) {
    rt_.charge(kRoundSteps);
    const Inner inner(*this, scope, node.body.hidden);
    inner->names.insert_or_assign("loop", Value(&loop));
    assign(node.target, *loop.current, *inner);
    const Flow flow = execute(node.body.statements, *inner);
    completed = completed || flow == Flow::next;
    left = flow == Flow::leave_loop;
  }
  // The variable may outlive the loop in a namespace, what the source refers to does not.
  loop.source = [this, left]() -> std::optional<Value> {
    if (left) rt_.fail("what follows in a loop that was left cannot be asked for");
    return std::nullopt;
  };
  if (completed) return Flow::next;
  const Inner inner(*this, scope, node.otherwise.hidden);
  return execute(node.otherwise.statements, *inner);
}

void Interpreter::assign(const Target& target, const Value& value, Scope& scope) {
  rt_.at(target.at);
  if (target.is_tuple) {
    const std::vector<Value> parts = elements(rt_, value);
    if (parts.size() != target.parts.size()) {
      rt_.fail("{} values cannot be assigned to {} names", parts.size(), target.parts.size());
    }
    for (size_t i = 0; i < parts.size(); ++i) assign(target.parts[i], parts[i], scope);
    return;
  }
  if (target.attribute.empty()) {
    rt_.step();
    scope.names.insert_or_assign(target.name, value);
    return;
  }
  const Value* held = scope.find(target.name);
  Namespace* const* space = held ? std::get_if<Namespace*>(&held->data) : nullptr;
  if (!space)
    rt_.fail("'{}' is no namespace: only a namespace's attributes can be assigned", target.name);
  if (target.attribute.starts_with('_'))
    rt_.fail("'{}' begins with an underscore", target.attribute);
  rt_.charge(1 + (*space)->attributes.size() / 16);
  if (Value* attribute = (*space)->find(target.attribute)) {
    *attribute = value;
  } else {
    (*space)->attributes.emplace_back(target.attribute, value);
  }
}

Interpreter::Flow Interpreter::execute(const Set& node, Scope& scope) {
  assign(node.target, evaluate(*node.value, scope), scope);
  return Flow::next;
}

Interpreter::Flow Interpreter::capture(const Body& body, Scope& scope, std::string& out) {
  std::string* outer = std::exchange(out_, &out);
  const Flow flow = execute(body.statements, scope);
  out_ = outer;
  return flow;
}

Value Interpreter::filtered(const ExprPtr& filter, std::string text, Scope& scope) {
  if (!filter) return Value(std::move(text));
  block_text_ = Value(std::move(text));
  return evaluate(*filter, scope);
}

Interpreter::Flow Interpreter::execute(const SetBlock& node, Scope& scope) {
  const Inner inner(*this, scope, node.body.hidden);
  std::string text;
  const Flow flow = capture(node.body, *inner, text);
  if (flow != Flow::next) return flow;
  assign(node.target, filtered(node.filter, std::move(text), *inner), scope);
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const FilterBlock& node, Scope& scope) {
  const Inner inner(*this, scope, node.body.hidden);
  std::string text;
  const Flow flow = capture(node.body, *inner, text);
  if (flow != Flow::next) return flow;
  append_text(rt_, *out_, filtered(node.filter, std::move(text), *inner));
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const MacroDefinition& node, Scope& scope) {
  rt_.grow(sizeof(Macro));
  const Macro macro{.definition = &node, .scope = &scope};
  Macro& kept = *macros_.emplace_back(std::make_unique<Macro>(macro));
  for (Scope* outer = &scope; outer && !outer->captured; outer = outer->parent)
    outer->captured = true;
  scope.names.insert_or_assign(node.name, Value(&kept));
  return Flow::next;
}

Interpreter::Flow Interpreter::execute(const Generation& node, Scope& scope) {
  const Inner inner(*this, scope, node.body.hidden);
  return execute(node.body.statements, *inner);
}

}  // namespace jet::jinja
