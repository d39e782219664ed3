// Runs a template's tree.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/builtins.h"
#include "text/jinja/runtime.h"
#include "text/jinja/scope.h"

namespace jet::jinja {

class Interpreter {
 public:
  // `rt` counts what it costs; `input` holds the template's variables and the functions.
  Interpreter(Runtime& rt, Scope& input) : rt_(rt), input_(input) {}

  // Throws Error on what the template raises, on an undefined operation, and at a cap.
  std::string run(const Body& program);

 private:
  enum class Flow { next, leave_loop, next_round };

  // execute.cpp
  Flow execute(const Block& block, Scope& scope);
  Flow execute(const Data& node, Scope& scope);
  Flow execute(const Output& node, Scope& scope);
  Flow execute(const If& node, Scope& scope);
  Flow execute(const For& node, Scope& scope);
  Flow execute(const Set& node, Scope& scope);
  Flow execute(const SetBlock& node, Scope& scope);
  Flow execute(const FilterBlock& node, Scope& scope);
  Flow execute(const MacroDefinition& node, Scope& scope);
  Flow execute(const Generation& node, Scope& scope);
  Flow execute(const Break&, Scope&) { return Flow::leave_loop; }
  Flow execute(const Continue&, Scope&) { return Flow::next_round; }
  Loop& start_loop(const For& node, Scope& scope);
  void assign(const Target& target, const Value& value, Scope& scope);
  // Runs the body with its output kept apart.
  Flow capture(const Body& body, Scope& scope, std::string& out);
  Value filtered(const ExprPtr& filter, std::string text, Scope& scope);

  // evaluate.cpp
  Value evaluate(const Expr& expr, Scope& scope);
  Value evaluate(const Literal& node, Position at, Scope& scope);
  Value evaluate(const Name& node, Position at, Scope& scope);
  Value evaluate(const ListOf& node, Position at, Scope& scope);
  Value evaluate(const DictOf& node, Position at, Scope& scope);
  Value evaluate(const Attribute& node, Position at, Scope& scope);
  Value evaluate(const Item& node, Position at, Scope& scope);
  Value evaluate(const Slice& node, Position at, Scope& scope);
  Value evaluate(const Call& node, Position at, Scope& scope);
  Value evaluate(const Filter& node, Position at, Scope& scope);
  Value evaluate(const Test& node, Position at, Scope& scope);
  Value evaluate(const Unary& node, Position at, Scope& scope);
  Value evaluate(const Binary& node, Position at, Scope& scope);
  Value evaluate(const Logical& node, Position at, Scope& scope);
  Value evaluate(const Compare& node, Position at, Scope& scope);
  Value evaluate(const Concat& node, Position at, Scope& scope);
  Value evaluate(const Conditional& node, Position at, Scope& scope);
  Arguments evaluate(const CallArguments& arguments, Scope& scope);
  Value call_macro(const Macro& macro, const Arguments& arguments);

  // A new scope inside `parent`, in which the hidden names are undefined. It is destroyed with the
  // handle unless a macro looks into it.
  class Inner {
   public:
    Inner(Interpreter& interpreter, Scope& parent, const HiddenNames& hidden = nullptr);
    ~Inner();
    Inner(const Inner&) = delete;
    Inner& operator=(const Inner&) = delete;
    Scope& operator*() const { return *scope_; }
    Scope* operator->() const { return scope_.get(); }

   private:
    Interpreter& interpreter_;
    std::unique_ptr<Scope> scope_;
  };

  Runtime& rt_;
  Scope& input_;
  std::string* out_ = nullptr;
  Value block_text_;  // what the filter of a block is applied to
  std::vector<std::unique_ptr<Scope>> captured_;
  std::vector<std::unique_ptr<Macro>> macros_;
};

}  // namespace jet::jinja
