// The expression grammar.
#include "text/jinja/expression_parser.h"

#include <algorithm>
#include <array>

#include "text/jinja/builtins.h"

namespace jet::jinja {
namespace {

int depth_of(const ExprPtr& node) { return node ? node->depth : 0; }
int depth_of(const std::vector<ExprPtr>& nodes) {
  int depth = 0;
  for (const ExprPtr& node : nodes) depth = std::max(depth, node->depth);
  return depth;
}
int depth_of(const CallArguments& arguments) {
  int depth = depth_of(arguments.positional);
  for (const auto& [name, value] : arguments.named) depth = std::max(depth, value->depth);
  return depth;
}

// `depth`: of the deepest part.
template <typename Node>
ExprPtr make(TokenStream& tokens, Position at, int depth, Node node) {
  if (depth >= kMaxTreeDepth)
    tokens.fail(at, "an expression of more than {} terms inside one another", kMaxTreeDepth);
  return std::make_unique<const Expr>(Expr{.at = at, .depth = depth + 1, .node = std::move(node)});
}

ExprPtr make_binary(TokenStream& tokens, Position at, BinaryOp op, ExprPtr left, ExprPtr right) {
  const int depth = std::max(left->depth, right->depth);
  return make(tokens, at, depth,
              Binary{.op = op, .left = std::move(left), .right = std::move(right)});
}

template <size_t N, typename Op>
std::optional<Op> find_op(const Token& token, const std::pair<std::string_view, Op> (&table)[N]) {
  if (!token.is(Token::Type::op)) return std::nullopt;
  for (const auto& [text, op] : table) {
    if (token.text == text) return op;
  }
  return std::nullopt;
}

constexpr std::pair<std::string_view, CompareOp> kCompareOps[] = {
    {"==", CompareOp::equal},      {"!=", CompareOp::not_equal}, {"<", CompareOp::less},
    {"<=", CompareOp::less_equal}, {">", CompareOp::greater},    {">=", CompareOp::greater_equal}};
constexpr std::pair<std::string_view, BinaryOp> kSumOps[] = {{"+", BinaryOp::add},
                                                             {"-", BinaryOp::subtract}};
constexpr std::pair<std::string_view, BinaryOp> kProductOps[] = {{"*", BinaryOp::multiply},
                                                                 {"/", BinaryOp::divide},
                                                                 {"//", BinaryOp::floor_divide},
                                                                 {"%", BinaryOp::modulo}};

// Words that would be an undefined variable to Jinja and so silently print nothing.
bool is_reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kReserved = {"and", "or", "not",  "in",
                                                                "is",  "if", "else", "elif"};
  return std::ranges::find(kReserved, name) != kReserved.end();
}

}  // namespace

ExprPtr ExpressionParser::expression() {
  const TokenStream::Nested nested(tokens_);
  const Position at = tokens_.at();
  ExprPtr node = logical_or();
  while (tokens_.skip_name("if")) {
    ++conditional_depth;
    ExprPtr condition = logical_or();
    ExprPtr otherwise = tokens_.skip_name("else") ? expression() : nullptr;
    --conditional_depth;
    const int depth = std::max({depth_of(condition), depth_of(node), depth_of(otherwise)});
    node = make(tokens_, at, depth,
                Conditional{.condition = std::move(condition),
                            .then = std::move(node),
                            .otherwise = std::move(otherwise)});
  }
  return node;
}

bool ExpressionParser::ends_tuple() const {
  const Token& token = tokens_.current();
  return token.is(Token::Type::variable_end) || token.is(Token::Type::block_end) ||
         token.is_op(")");
}

ExprPtr ExpressionParser::tuple(bool conditional) {
  const Position at = tokens_.at();
  std::vector<ExprPtr> items;
  bool is_tuple = false;
  do {
    if (ends_tuple()) break;
    items.push_back(conditional ? expression() : plain_expression());
    if (tokens_.at_op(",")) is_tuple = true;
  } while (tokens_.skip_op(","));
  if (items.empty()) tokens_.unexpected("an expression");
  if (!is_tuple) return std::move(items.front());
  const int depth = depth_of(items);
  return make(tokens_, at, depth, ListOf{.kind = Sequence::Kind::tuple, .items = std::move(items)});
}

ExprPtr ExpressionParser::logical_or() {
  ExprPtr left = logical_and();
  while (tokens_.at_name("or")) {
    const Position at = tokens_.take().at;
    ExprPtr right = logical_and();
    const int depth = std::max(left->depth, right->depth);
    left = make(tokens_, at, depth,
                Logical{.is_and = false, .left = std::move(left), .right = std::move(right)});
  }
  return left;
}

ExprPtr ExpressionParser::logical_and() {
  ExprPtr left = logical_not();
  while (tokens_.at_name("and")) {
    const Position at = tokens_.take().at;
    ExprPtr right = logical_not();
    const int depth = std::max(left->depth, right->depth);
    left = make(tokens_, at, depth,
                Logical{.is_and = true, .left = std::move(left), .right = std::move(right)});
  }
  return left;
}

ExprPtr ExpressionParser::logical_not() {
  if (!tokens_.at_name("not")) return comparison();
  const TokenStream::Nested nested(tokens_);
  const Position at = tokens_.take().at;
  ExprPtr operand = logical_not();
  const int depth = operand->depth;
  return make(tokens_, at, depth, Unary{.op = UnaryOp::logical_not, .operand = std::move(operand)});
}

ExprPtr ExpressionParser::comparison() {
  const Position at = tokens_.at();
  ExprPtr first = sum();
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
  int depth = first->depth;
  for (;;) {
    std::optional<CompareOp> op = find_op(tokens_.current(), kCompareOps);
    if (op) {
      tokens_.take();
    } else if (tokens_.skip_name("in")) {
      op = CompareOp::in;
    } else if (tokens_.at_name("not") && tokens_.following().is_name("in")) {
      tokens_.take();
      tokens_.take();
      op = CompareOp::not_in;
    } else {
      break;
    }
    rest.emplace_back(*op, sum());
    depth = std::max(depth, rest.back().second->depth);
  }
  if (rest.empty()) return first;
  return make(tokens_, at, depth, Compare{.first = std::move(first), .rest = std::move(rest)});
}

ExprPtr ExpressionParser::sum() {
  ExprPtr left = concatenation();
  while (const std::optional<BinaryOp> op = find_op(tokens_.current(), kSumOps)) {
    const Position at = tokens_.take().at;
    left = make_binary(tokens_, at, *op, std::move(left), concatenation());
  }
  return left;
}

ExprPtr ExpressionParser::concatenation() {
  const Position at = tokens_.at();
  std::vector<ExprPtr> parts;
  do {
    parts.push_back(product());
  } while (tokens_.skip_op("~"));
  if (parts.size() == 1) return std::move(parts.front());
  const int depth = depth_of(parts);
  return make(tokens_, at, depth, Concat{.parts = std::move(parts)});
}

ExprPtr ExpressionParser::product() {
  ExprPtr left = power();
  while (const std::optional<BinaryOp> op = find_op(tokens_.current(), kProductOps)) {
    const Position at = tokens_.take().at;
    left = make_binary(tokens_, at, *op, std::move(left), power());
  }
  return left;
}

// Groups from the left, unlike Python's.
ExprPtr ExpressionParser::power() {
  ExprPtr left = unary();
  while (tokens_.at_op("**")) {
    const Position at = tokens_.take().at;
    left = make_binary(tokens_, at, BinaryOp::power, std::move(left), unary());
  }
  return left;
}

// The sign binds tighter than a filter: -1|abs is (-1)|abs.
ExprPtr ExpressionParser::unary(bool with_filters) {
  ExprPtr node;
  if (tokens_.at_op("-") || tokens_.at_op("+")) {
    const TokenStream::Nested nested(tokens_);
    const Token& sign = tokens_.take();
    ExprPtr operand = unary(false);
    const int depth = operand->depth;
    const UnaryOp op = sign.text == "-" ? UnaryOp::minus : UnaryOp::plus;
    node = make(tokens_, sign.at, depth, Unary{.op = op, .operand = std::move(operand)});
  } else {
    node = primary();
  }
  node = postfix(std::move(node));
  return with_filters ? filters_and_tests(std::move(node)) : std::move(node);
}

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
