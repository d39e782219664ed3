// The parser's view of the tokens: the current one, the next one, and errors at them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/lexer.h"
#include "text/jinja/limits.h"

namespace jet::jinja {

class TokenStream {
 public:
  explicit TokenStream(const Source& source) : source_(source), tokens_(tokenize(source)) {}

  const Token& current() const { return tokens_[next_]; }
  const Token& following() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  Position at() const { return current().at; }
  // Returns the current token and goes on; stays at the end.
  const Token& take() {
    const Token& token = tokens_[next_];
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }

  bool at_op(std::string_view op) const { return current().is_op(op); }
  bool at_name(std::string_view name) const { return current().is_name(name); }
  bool skip_op(std::string_view op) { return skip(at_op(op)); }
  bool skip_name(std::string_view name) { return skip(at_name(name)); }
  void expect_op(std::string_view op) {
    if (!skip_op(op)) unexpected(fmt::format("'{}'", op));
  }
  void expect_name(std::string_view name) {
    if (!skip_name(name)) unexpected(fmt::format("'{}'", name));
  }
  void expect(Token::Type type) {
    if (!current().is(type))
      unexpected(describe({.type = type, .at = 0, .text = {}, .integer = 0, .real = 0}));
    take();
  }
  std::string expect_identifier(std::string_view what) {
    if (!current().is(Token::Type::name)) unexpected(what);
    return take().text;
  }

  [[noreturn]] void unexpected(std::string_view wanted) const {
    source_.fail(at(), "expected {}, not {}", wanted, describe(current()));
  }
  template <typename... Args>
  [[noreturn]] void fail(Position at, fmt::format_string<Args...> format, Args&&... args) const {
    source_.fail(at, format, std::forward<Args>(args)...);
  }

  // Counts what stands inside one another, so that the parser's own recursion ends.
  class Nested {
   public:
    explicit Nested(TokenStream& stream) : stream_(stream) {
      if (stream_.depth_ >= kMaxParseDepth)
        stream_.fail(stream_.at(), "nested deeper than {}", kMaxParseDepth);
      ++stream_.depth_;
    }
    ~Nested() { --stream_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    TokenStream& stream_;
  };

 private:
  bool skip(bool matches) {
    if (matches) take();
    return matches;
  }

  const Source& source_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace jet::jinja
