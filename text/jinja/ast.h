// The tree of a template.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/frames.h"
#include "text/jinja/source.h"
#include "text/jinja/value.h"

namespace jet::jinja {

struct Builtin;
struct Expr;
using ExprPtr = std::unique_ptr<const Expr>;

struct CallArguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
};

struct Literal {
  Value value;
};
struct Name {
  std::string name;
};
struct ListOf {  // [a, b] and (a, b)
  Sequence::Kind kind;
  std::vector<ExprPtr> items;
};
struct DictOf {
  std::vector<std::pair<ExprPtr, ExprPtr>> items;
};
struct Attribute {  // object.name
  ExprPtr object;
  std::string name;
};
struct Item {  // object[key]
  ExprPtr object, key;
};
struct Slice {  // object[start:stop:step], each may be null
  ExprPtr object, start, stop, step;
};
struct Call {
  ExprPtr callee;
  CallArguments arguments;
};
struct Filter {  // input is null for the filter of a block
  ExprPtr input;
  std::string name;
  const Builtin* filter;  // null: not known, an error only if it is reached
  CallArguments arguments;
};
struct Test {
  ExprPtr input;
  std::string name;
  const Builtin* test;
  CallArguments arguments;
};
enum class UnaryOp { plus, minus, logical_not };
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
enum class BinaryOp { add, subtract, multiply, divide, floor_divide, modulo, power };
struct Binary {
  BinaryOp op;
  ExprPtr left, right;
};
struct Logical {  // a and b, a or b: the operand that decides
  bool is_and;
  ExprPtr left, right;
};
enum class CompareOp { equal, not_equal, less, less_equal, greater, greater_equal, in, not_in };
struct Compare {  // a < b <= c
  ExprPtr first;
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
};
struct Concat {  // a ~ b ~ c
  std::vector<ExprPtr> parts;
};
struct Conditional {  // a if condition else b; otherwise may be null
  ExprPtr condition, then, otherwise;
};

struct Expr {
  Position at;
  int depth;
  std::variant<Literal, Name, ListOf, DictOf, Attribute, Item, Slice, Call, Filter, Test, Unary,
               Binary, Logical, Compare, Concat, Conditional>
      node;
};

// What can be assigned to: a name, namespace.attribute, or a list of targets.
struct Target {
  Position at;
  std::string name;
  std::string attribute;  // empty for a plain name
  std::vector<Target> parts;
  bool is_tuple = false;
};

struct Statement;
using Block = std::vector<Statement>;

// Statements with a scope of their own.
struct Body {
  Block statements;
  HiddenNames hidden;
};

struct Data {
  std::string text;
};
struct Output {
  ExprPtr value;
};
struct If {
  std::vector<std::pair<ExprPtr, Block>> branches;
  Block otherwise;
};
struct For {
  Target target;
  ExprPtr iterable;
  ExprPtr filter;  // may be null
  Body body;
  Body otherwise;
};
struct Set {
  Target target;
  ExprPtr value;
};
struct SetBlock {
  Target target;
  ExprPtr filter;  // may be null
  Body body;
};
struct FilterBlock {
  ExprPtr filter;
  Body body;
};
struct MacroDefinition {
  std::string name;
  std::vector<std::pair<std::string, ExprPtr>>
      parameters;  // with their default, null if there is none
  Body body;
};
struct Generation {  // {% generation %}: marks what the model wrote; rendered as it is
  Body body;
};
struct Break {};
struct Continue {};

struct Statement {
  Position at;
  std::variant<Data, Output, If, For, Set, SetBlock, FilterBlock, MacroDefinition, Generation,
               Break, Continue>
      node;
};

}  // namespace jet::jinja
