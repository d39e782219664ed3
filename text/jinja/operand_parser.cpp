// Operands: literals, names, brackets, and what follows them: attributes, subscripts, calls,
// filters and tests.
#include <algorithm>
#include <array>

#include "text/jinja/builtins.h"
#include "text/jinja/expression_parser.h"
#include "text/jinja/make_node.h"

namespace jet::jinja {
namespace {

// Words that would be an undefined variable to Jinja and so silently print nothing.
bool is_reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kReserved = {"and", "or", "not",  "in",
                                                                "is",  "if", "else", "elif"};
  return std::ranges::find(kReserved, name) != kReserved.end();
}

}  // namespace

ExprPtr ExpressionParser::primary() {
  const Token& token = tokens_.current();
  const auto literal = [&](Value value) {
    return make(tokens_, token.at, 0, Literal{std::move(value)});
  };
  switch (token.type) {
    case Token::Type::name: {
      tokens_.take();
      if (token.text == "true" || token.text == "True") return literal(Value(true));
      if (token.text == "false" || token.text == "False") return literal(Value(false));
      if (token.text == "none" || token.text == "None") return literal(Value(None()));
      if (is_reserved(token.text)) tokens_.fail(token.at, "unexpected '{}'", token.text);
      frames_.read(token.text);
      return make(tokens_, token.at, 0, Name{token.text});
    }
    case Token::Type::string: {
      std::string text;  // literals side by side are one
      while (tokens_.current().is(Token::Type::string)) text += tokens_.take().text;
      return literal(Value(std::move(text)));
    }
    case Token::Type::integer:
      return literal(Value(tokens_.take().integer));
    case Token::Type::real:
      return literal(Value(tokens_.take().real));
    default:
      break;
  }
  if (token.is_op("(")) return parenthesised();
  if (token.is_op("[")) return list();
  if (token.is_op("{")) return dict();
  tokens_.unexpected("an expression");
}

ExprPtr ExpressionParser::parenthesised() {
  const Position at = tokens_.take().at;
  ExprPtr node = tokens_.at_op(")")
                     ? make(tokens_, at, 0, ListOf{.kind = Sequence::Kind::tuple, .items = {}})
                     : tuple();
  tokens_.expect_op(")");
  return node;
}

ExprPtr ExpressionParser::list() {
  const Position at = tokens_.take().at;
  std::vector<ExprPtr> items;
  while (!tokens_.at_op("]")) {
    items.push_back(expression());
    if (!tokens_.skip_op(",")) break;
  }
  tokens_.expect_op("]");
  const int depth = depth_of(items);
  return make(tokens_, at, depth, ListOf{.kind = Sequence::Kind::list, .items = std::move(items)});
}

ExprPtr ExpressionParser::dict() {
  const Position at = tokens_.take().at;
  DictOf node;
  int depth = 0;
  while (!tokens_.at_op("}")) {
    ExprPtr key = expression();
    tokens_.expect_op(":");
    ExprPtr value = expression();
    depth = std::max({depth, key->depth, value->depth});
    node.items.emplace_back(std::move(key), std::move(value));
    if (!tokens_.skip_op(",")) break;
  }
  tokens_.expect_op("}");
  return make(tokens_, at, depth, std::move(node));
}

ExprPtr ExpressionParser::postfix(ExprPtr node) {
  for (;;) {
    const Position at = tokens_.at();
    if (tokens_.skip_op(".")) {
      const int depth = node->depth;
      if (tokens_.current().is(Token::Type::integer)) {
        ExprPtr key = make(tokens_, tokens_.at(), 0, Literal{Value(tokens_.current().integer)});
        tokens_.take();
        node =
            make(tokens_, at, depth, jinja::Item{.object = std::move(node), .key = std::move(key)});
      } else {
        std::string name = tokens_.expect_identifier("the name of an attribute");
        node =
            make(tokens_, at, depth, Attribute{.object = std::move(node), .name = std::move(name)});
      }
    } else if (tokens_.skip_op("[")) {
      node = subscript(std::move(node), at);
    } else if (tokens_.at_op("(")) {
      node = call(std::move(node), at);
    } else {
      return node;
    }
  }
}

ExprPtr ExpressionParser::subscript(ExprPtr object, Position at) {
  ExprPtr start = tokens_.at_op(":") ? nullptr : expression();
  if (tokens_.skip_op("]")) {
    const int depth = std::max(object->depth, start->depth);
    return make(tokens_, at, depth,
                jinja::Item{.object = std::move(object), .key = std::move(start)});
  }
  if (tokens_.at_op(","))
    tokens_.fail(tokens_.at(), "a subscript of several indices is not supported");
  tokens_.expect_op(":");
  const auto bound = [&] {
    return tokens_.at_op(":") || tokens_.at_op("]") ? nullptr : expression();
  };
  ExprPtr stop = bound();
  ExprPtr step = tokens_.skip_op(":") ? bound() : nullptr;
  tokens_.expect_op("]");
  const int depth = std::max({depth_of(object), depth_of(start), depth_of(stop), depth_of(step)});
  return make(tokens_, at, depth,
              Slice{.object = std::move(object),
                    .start = std::move(start),
                    .stop = std::move(stop),
                    .step = std::move(step)});
}

CallArguments ExpressionParser::call_arguments() {
  CallArguments arguments;
  tokens_.expect_op("(");
  while (!tokens_.at_op(")")) {
    if (tokens_.at_op("*") || tokens_.at_op("**")) {
      tokens_.fail(tokens_.at(), "'{}' before an argument is not supported",
                   tokens_.current().text);
    }
    if (tokens_.current().is(Token::Type::name) && tokens_.following().is_op("=")) {
      const Token& name = tokens_.take();
      tokens_.take();
      const auto same = [&](const auto& named) { return named.first == name.text; };
      if (std::ranges::any_of(arguments.named, same))
        tokens_.fail(name.at, "argument '{}' is given twice", name.text);
      arguments.named.emplace_back(name.text, expression());
    } else {
      if (!arguments.named.empty())
        tokens_.fail(tokens_.at(), "an argument without name after one with a name");
      arguments.positional.push_back(expression());
    }
    if (!tokens_.skip_op(",")) break;
  }
  tokens_.expect_op(")");
  return arguments;
}

ExprPtr ExpressionParser::call(ExprPtr callee, Position at) {
  CallArguments arguments = call_arguments();
  const int depth = std::max(callee->depth, depth_of(arguments));
  return make(tokens_, at, depth,
              Call{.callee = std::move(callee), .arguments = std::move(arguments)});
}

ExprPtr ExpressionParser::filters_and_tests(ExprPtr node) {
  for (;;) {
    const Position at = tokens_.at();
    if (tokens_.skip_op("|")) {
      node = filter(std::move(node));
    } else if (tokens_.skip_name("is")) {
      node = test(std::move(node));
    } else if (tokens_.at_op("(")) {
      node = call(std::move(node), at);
    } else {
      return node;
    }
  }
}

ExprPtr ExpressionParser::filter_chain(ExprPtr input) {
  do {
    input = filter(std::move(input));
  } while (tokens_.skip_op("|"));
  return input;
}

ExprPtr ExpressionParser::filter(ExprPtr input) {
  const Position at = tokens_.at();
  std::string name = tokens_.expect_identifier("the name of a filter");
  const Builtin* found = find_filter(name);
  if (!found && conditional_depth == 0)
    tokens_.fail(at, "filter '{}' is not known or not supported", name);
  CallArguments arguments = tokens_.at_op("(") ? call_arguments() : CallArguments();
  const int depth = std::max(depth_of(input), depth_of(arguments));
  return make(tokens_, at, depth,
              Filter{.input = std::move(input),
                     .name = std::move(name),
                     .filter = found,
                     .arguments = std::move(arguments)});
}

ExprPtr ExpressionParser::test(ExprPtr input) {
  const Position at = tokens_.at();
  const bool negated = tokens_.skip_name("not");
  std::string name = tokens_.expect_identifier("the name of a test");
  const Builtin* found = find_test(name);
  if (!found && conditional_depth == 0)
    tokens_.fail(at, "test '{}' is not known or not supported", name);
  CallArguments arguments;
  const Token& next = tokens_.current();
  if (next.is_op("(")) {
    arguments = call_arguments();
  } else if (next.is_name("is")) {
    tokens_.fail(next.at, "a test cannot follow a test");
  } else if (next.is(Token::Type::string) || next.is(Token::Type::integer) ||
             next.is(Token::Type::real) || next.is_op("[") || next.is_op("{") ||
             (next.is(Token::Type::name) && next.text != "else" && next.text != "or" &&
              next.text != "and")) {
    arguments.positional.push_back(postfix(primary()));  // one argument needs no brackets
  }
  const int depth = std::max(input->depth, depth_of(arguments));
  ExprPtr node = make(tokens_, at, depth,
                      Test{.input = std::move(input),
                           .name = std::move(name),
                           .test = found,
                           .arguments = std::move(arguments)});
  if (!negated) return node;
  return make(tokens_, at, depth + 1,
              Unary{.op = UnaryOp::logical_not, .operand = std::move(node)});
}

}  // namespace jet::jinja
