// Expressions: precedence climbing, one function a level, loosest first.
#pragma once

#include "text/jinja/ast.h"
#include "text/jinja/token_stream.h"

namespace jet::jinja {

class ExpressionParser {
 public:
  ExpressionParser(TokenStream& tokens, Frames& frames) : tokens_(tokens), frames_(frames) {}

  ExprPtr expression();
  // Without `a if b else c`: where an `if` belongs to the statement.
  ExprPtr plain_expression() { return logical_or(); }
  // Several with commas between them make a tuple.
  ExprPtr tuple(bool conditional = true);
  // name(arguments)|name..., applied to `input`, which is null for the filter of a block.
  ExprPtr filter_chain(ExprPtr input);

  // Inside an `if` a filter or test that nobody knows is an error only when it is reached, as in
  // Jinja.
  int conditional_depth = 0;

 private:
  ExprPtr logical_or();
  ExprPtr logical_and();
  ExprPtr logical_not();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concatenation();
  ExprPtr product();
  ExprPtr power();
  ExprPtr unary(bool with_filters = true);
  ExprPtr primary();
  ExprPtr postfix(ExprPtr node);
  ExprPtr filters_and_tests(ExprPtr node);
  ExprPtr filter(ExprPtr input);
  ExprPtr test(ExprPtr input);
  ExprPtr subscript(ExprPtr object, Position at);
  ExprPtr parenthesised();
  ExprPtr list();
  ExprPtr dict();
  CallArguments call_arguments();
  ExprPtr call(ExprPtr callee, Position at);
  bool ends_tuple() const;

  TokenStream& tokens_;
  Frames& frames_;
};

}  // namespace jet::jinja
