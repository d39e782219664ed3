// Operators, from the loosest to the tightest.
#include "text/jinja/expression_parser.h"

#include <algorithm>
#include <optional>

#include "text/jinja/make_node.h"

namespace jet::jinja {
namespace {

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

}  // namespace jet::jinja
