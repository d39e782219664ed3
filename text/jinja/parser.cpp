// Statements.
#include "text/jinja/parser.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "text/jinja/expression_parser.h"

namespace jet::jinja {
namespace {

using Ends = std::initializer_list<std::string_view>;

class Parser {
 public:
  explicit Parser(const Source& source) : tokens_(source), expressions_(tokens_, frames_) {}

  Body run() {
    frames_.open();
    Block block = statements({});
    return {.statements = std::move(block), .hidden = frames_.close()};
  }

 private:
  // Until a tag that opens with one of the words in `ends`; stops at that word.
  Block statements(Ends ends) {
    const TokenStream::Nested nested(tokens_);
    Block block;
    for (;;) {
      const Token& token = tokens_.take();
      switch (token.type) {
        case Token::Type::data:
          block.push_back({.at = token.at, .node = Data{token.text}});
          break;
        case Token::Type::variable_begin: {
          const Position at = tokens_.at();
          block.push_back({.at = at, .node = Output{expressions_.tuple()}});
          tokens_.expect(Token::Type::variable_end);
          break;
        }
        case Token::Type::block_begin:
          if (std::ranges::any_of(ends, [&](std::string_view end) { return tokens_.at_name(end); }))
            return block;
          block.push_back(statement(ends));
          tokens_.expect(Token::Type::block_end);
          break;
        default:
          if (ends.size() > 0)
            tokens_.fail(token.at, "the template ends where '{}' is missing", *(ends.end() - 1));
          return block;
      }
    }
  }

  // The rest of an opening tag (": " is allowed, as in Python) and its body, up to one of `ends`.
  Block body(Ends ends) {
    tokens_.skip_op(":");
    tokens_.expect(Token::Type::block_end);
    return statements(ends);
  }

  // The same with a scope of its own, which the caller has opened.
  Body scoped_body(Ends ends) {
    Block block = body(ends);
    return {.statements = std::move(block), .hidden = frames_.close()};
  }

  Statement statement(Ends ends) {
    const Position at = tokens_.at();
    const std::string tag = tokens_.expect_identifier("the name of a tag");
    const auto with = [at](auto node) { return Statement{.at = at, .node = std::move(node)}; };
    if (tag == "if") return with(if_statement());
    if (tag == "for") return with(for_statement());
    if (tag == "set") return set_statement(at);
    if (tag == "macro") return with(macro());
    if (tag == "filter") return with(filter_block());
    if (tag == "generation") return with(generation());
    if (tag == "break" || tag == "continue") {
      if (loops_ == 0) tokens_.fail(at, "'{}' outside of a loop", tag);
      return tag == "break" ? with(Break()) : with(Continue());
    }
    if (ends.size() > 0 && (tag.starts_with("end") || tag == "else" || tag == "elif")) {
      tokens_.fail(at, "unexpected '{}', expected '{}'", tag, *(ends.end() - 1));
    }
    tokens_.fail(at, "tag '{}' is not known or not supported", tag);
  }

  If if_statement() {
    If node;
    ++expressions_.conditional_depth;
    do {
      ExprPtr condition = expressions_.tuple(false);
      frames_.enter_if();
      Block block = body({"elif", "else", "endif"});
      frames_.leave_if();
      node.branches.emplace_back(std::move(condition), std::move(block));
    } while (tokens_.skip_name("elif"));
    frames_.enter_if();
    if (tokens_.skip_name("else")) node.otherwise = body({"endif"});
    frames_.leave_if();
    --expressions_.conditional_depth;
    tokens_.expect_name("endif");
    return node;
  }

  For for_statement() {
    For node;
    ++for_depth_;
    node.target = target(false);
    tokens_.expect_name("in");
    node.iterable = expressions_.tuple(false);
    frames_.open();
    for_each_name(node.target, [&](const Target& to) { frames_.parameter(to.name); });
    if (tokens_.skip_name("if")) node.filter = expressions_.expression();
    frames_.close();
    if (tokens_.at_name("recursive"))
      tokens_.fail(tokens_.at(), "recursive loops are not supported");
    ++loops_;
    frames_.open();
    frames_.parameter("loop");
    for_each_name(node.target, [&](const Target& to) { frames_.parameter(to.name); });
    node.body = scoped_body({"else", "endfor"});
    --loops_;
    if (tokens_.skip_name("else")) {
      frames_.open();
      node.otherwise = scoped_body({"endfor"});
    }
    --for_depth_;
    tokens_.expect_name("endfor");
    return node;
  }

  Statement set_statement(Position at) {
    Target to = target(true);
    if (tokens_.skip_op("=")) {
      ExprPtr value = expressions_.tuple();  // is read before the name is set
      set_names(to);
      return {.at = at, .node = Set{.target = std::move(to), .value = std::move(value)}};
    }
    set_names(to);
    SetBlock node{.target = std::move(to), .filter = nullptr, .body = {}};
    frames_.open();
    if (tokens_.skip_op("|")) node.filter = expressions_.filter_chain(nullptr);
    node.body = scoped_body({"endset"});
    tokens_.expect_name("endset");
    return {.at = at, .node = std::move(node)};
  }

  FilterBlock filter_block() {
    FilterBlock node;
    frames_.open();
    node.filter = expressions_.filter_chain(nullptr);
    node.body = scoped_body({"endfilter"});
    tokens_.expect_name("endfilter");
    return node;
  }

  MacroDefinition macro() {
    MacroDefinition node;
    node.name = target_name().name;
    frames_.set(node.name);
    frames_.open();
    tokens_.expect_op("(");
    while (!tokens_.at_op(")")) {
      const Target parameter = target_name();
      const bool known = std::ranges::any_of(
          node.parameters, [&](const auto& p) { return p.first == parameter.name; });
      if (known) tokens_.fail(parameter.at, "parameter '{}' is named twice", parameter.name);
      frames_.parameter(parameter.name);
      ExprPtr otherwise;
      if (tokens_.skip_op("=")) {
        otherwise = expressions_.expression();
      } else if (!node.parameters.empty() && node.parameters.back().second) {
        tokens_.fail(parameter.at, "parameter '{}' without default after one with a default",
                     parameter.name);
      }
      node.parameters.emplace_back(parameter.name, std::move(otherwise));
      if (!tokens_.skip_op(",")) break;
    }
    tokens_.expect_op(")");
    node.body = function_body("endmacro");
    return node;
  }

  Generation generation() {
    frames_.open();
    return {.body = function_body("endgeneration")};
  }

  // A break inside cannot leave a loop outside.
  Body function_body(std::string_view end) {
    const int loops = std::exchange(loops_, 0);
    Body inner = scoped_body({end});
    loops_ = loops;
    tokens_.expect_name(end);
    return inner;
  }

  template <typename Visit>
  static void for_each_name(const Target& target, const Visit& visit) {
    if (!target.is_tuple) return visit(target);
    for (const Target& part : target.parts) for_each_name(part, visit);
  }
  void set_names(const Target& target) {
    for_each_name(target, [&](const Target& to) {
      if (to.attribute.empty()) {
        frames_.set(to.name);
      } else {
        frames_.read(to.name);
      }
    });
  }

  Target target_name() {
    const Token& token = tokens_.current();
    Target to{
        .at = token.at, .name = tokens_.expect_identifier("a name"), .attribute = {}, .parts = {}};
    static constexpr std::array<std::string_view, 14> kFixed = {
        "true", "True", "false", "False", "none", "None", "and",
        "or",   "not",  "in",    "is",    "if",   "else", "elif"};
    if (std::ranges::find(kFixed, to.name) != kFixed.end())
      tokens_.fail(to.at, "cannot assign to '{}'", to.name);
    if (to.name == "loop" && for_depth_ > 0)
      tokens_.fail(to.at, "cannot assign to 'loop' inside a loop");
    return to;
  }

  Target single_target(bool namespaces) {
    const TokenStream::Nested nested(tokens_);
    if (tokens_.skip_op("(")) {
      Target inner = target(false);
      tokens_.expect_op(")");
      return inner;
    }
    Target to = target_name();
    if (namespaces && tokens_.skip_op("."))
      to.attribute = tokens_.expect_identifier("the name of an attribute");
    return to;
  }

  Target target(bool namespaces) {
    Target first = single_target(namespaces);
    if (!tokens_.at_op(",")) return first;
    Target all{.at = first.at, .name = {}, .attribute = {}, .parts = {}, .is_tuple = true};
    all.parts.push_back(std::move(first));
    while (tokens_.skip_op(",")) {
      if (tokens_.at_name("in") || tokens_.at_op(")") ||
          tokens_.current().is(Token::Type::block_end))
        break;
      all.parts.push_back(single_target(namespaces));
    }
    return all;
  }

  TokenStream tokens_;
  Frames frames_;
  ExpressionParser expressions_;
  int loops_ = 0;      // loops that a break here could leave
  int for_depth_ = 0;  // loops around this place, through macros
};

}  // namespace

Body parse(const Source& source) { return Parser(source).run(); }

}  // namespace jet::jinja
