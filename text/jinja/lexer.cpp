// The tokenizer: template text and white space control here, literals in literals.cpp.
#include "text/jinja/lexer.h"

#include <algorithm>
#include <array>

#include "text/jinja/literals.h"
#include "text/jinja/unicode.h"

namespace jet::jinja {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text()) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) template_text();
    add(Token::Type::end, at_);
    return std::move(tokens_);
  }

 private:
  Token& add(Token::Type type, size_t at, std::string_view text = {}) {
    tokens_.push_back({.type = type,
                       .at = static_cast<Position>(at),
                       .text = std::string(text),
                       .integer = 0,
                       .real = 0});
    return tokens_.back();
  }
  bool next_is(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void skip_space() {
    while (at_ < text_.size()) {
      size_t next = at_;
      if (!is_space(next_code_point(text_, next))) return;
      at_ = next;
    }
  }

  // Text up to the next tag; `sign` is what stands behind the opening: '-' takes all white space
  // before it, '+' keeps it, otherwise indentation on a line of its own is dropped for blocks and
  // comments.
  void add_data(size_t from, size_t to, char sign, bool indentation_counts) {
    std::string_view data = text_.substr(from, to - from);
    if (sign == '-') {
      data = strip(data, Side::right);
    } else if (sign != '+' && !indentation_counts) {
      const size_t line = data.rfind('\n') + 1;  // npos + 1 is 0
      if ((line > 0 || line_starts_) && strip(data.substr(line)).empty())
        data = data.substr(0, line);
    }
    if (!data.empty()) add(Token::Type::data, from, data);
  }

  char sign_at(size_t at) const {
    const char c = at < text_.size() ? text_[at] : '\0';
    return c == '-' || c == '+' ? c : '\0';
  }

  void template_text() {
    const size_t from = at_;
    size_t open = from;
    do {
      open = text_.find('{', open);
      if (open == std::string_view::npos || open + 1 >= text_.size()) {
        add_data(from, text_.size(), '+', true);
        at_ = text_.size();
        return;
      }
      ++open;
    } while (text_[open] != '{' && text_[open] != '%' && text_[open] != '#');
    const char kind = text_[open];
    --open;
    const char sign = sign_at(open + 2);
    add_data(from, open, sign, kind == '{');
    at_ = open + 2;
    if (kind == '%' && raw(open)) return;
    if (sign != '\0') ++at_;
    line_starts_ = false;
    if (kind == '#') return comment(open);
    const bool block = kind == '%';
    add(block ? Token::Type::block_begin : Token::Type::variable_begin, open);
    tag(block);
  }

  // A block or comment ends here, perhaps with a sign: "+%}" keeps what follows, "-%}" takes all
  // white space, "%}" alone takes one line end.
  bool closes(std::string_view close) const {
    const size_t sign = sign_at(at_) != '\0' ? 1 : 0;
    return text_.substr(std::min(at_ + sign, text_.size())).starts_with(close);
  }
  void skip_close(std::string_view close) {
    const char sign = sign_at(at_);
    at_ += close.size() + (sign != '\0' ? 1 : 0);
    if (sign == '-') skip_space();
    if (sign == '\0' && next_is("\n")) ++at_;
    line_starts_ = text_[at_ - 1] == '\n';
  }
  bool skip_if_closes(std::string_view close) {
    const bool here = closes(close);
    if (here) skip_close(close);
    return here;
  }

  void comment(size_t open) {
    const size_t close = text_.find("#}", at_);
    if (close == std::string_view::npos)
      source_.fail(static_cast<Position>(open), "this comment does not end: no #}}");
    at_ = close > at_ && sign_at(close - 1) != '\0' ? close - 1 : close;
    skip_close("#}");
  }

  // {% raw %} ... {% endraw %}, at `open`. Says whether it was one.
  bool raw(size_t open) {
    const size_t back = at_;
    if (sign_at(at_) != '\0') ++at_;
    skip_space();
    if (next_is("raw")) {
      at_ += 3;
      skip_space();
      const bool trims = next_is("-%}");
      if (trims || next_is("%}")) {
        at_ += trims ? 3 : 2;
        if (trims) skip_space();
        line_starts_ = text_[at_ - 1] == '\n';
        raw_text(open);
        return true;
      }
    }
    at_ = back;
    return false;
  }

  void raw_text(size_t open) {
    const size_t from = at_;
    for (size_t end = text_.find("{%", at_); end != std::string_view::npos;
         end = text_.find("{%", end + 2)) {
      at_ = end + 2;
      const char sign = sign_at(at_);
      if (sign != '\0') ++at_;
      skip_space();
      if (!next_is("endraw")) continue;
      at_ += 6;
      skip_space();
      if (!closes("%}")) continue;
      add_data(from, end, sign, false);
      return skip_close("%}");
    }
    source_.fail(static_cast<Position>(open), "this raw block does not end: no {{% endraw %}}");
  }

  void tag(bool block) {
    std::string open;  // brackets that wait for their end
    while (at_ < text_.size()) {
      const size_t start = at_;
      if (open.empty() && (block ? skip_if_closes("%}") : skip_variable_close())) {
        add(block ? Token::Type::block_end : Token::Type::variable_end, start);
        return;
      }
      size_t next = at_;
      if (is_space(next_code_point(text_, next))) {
        skip_space();
      } else if (!number() && !name() && !string()) {
        operation(open);
      }
    }
  }

  bool skip_variable_close() {
    const bool trims = next_is("-}}");
    if (!trims && !next_is("}}")) return false;
    at_ += trims ? 3 : 2;
    if (trims) skip_space();
    line_starts_ = text_[at_ - 1] == '\n';
    return true;
  }

  bool number() {
    const bool after_dot = at_ > 0 && text_[at_ - 1] == '.';
    if (const size_t length = after_dot ? 0 : real_literal(text_.substr(at_)); length > 0) {
      Token& token = add(Token::Type::real, at_);
      token.real = real_value(text_.substr(at_, length));
      at_ += length;
      return true;
    }
    const size_t length = integer_literal(text_.substr(at_));
    if (length == 0) return false;
    const std::optional<int64_t> value = integer_value(text_.substr(at_, length));
    if (!value) source_.fail(static_cast<Position>(at_), "this integer does not fit 64 bits");
    add(Token::Type::integer, at_).integer = *value;
    at_ += length;
    return true;
  }

  bool name() {
    size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end == at_) return false;
    add(Token::Type::name, at_, text_.substr(at_, end - at_));
    at_ = end;
    return true;
  }

  bool string() {
    if (text_[at_] != '\'' && text_[at_] != '"') return false;
    const size_t length = string_literal(text_.substr(at_));
    if (length == 0) source_.fail(static_cast<Position>(at_), "this string does not end");
    add(Token::Type::string, at_,
        unescape(source_, static_cast<Position>(at_ + 1), text_.substr(at_ + 1, length - 2)));
    at_ += length;
    return true;
  }

  void operation(std::string& open) {
    static constexpr std::array<std::string_view, 6> kPairs = {"**", "//", "==", "!=", ">=", "<="};
    static constexpr std::string_view kSingles = "+-/*%~[](){}><=.:|,;";
    const auto pair =
        std::ranges::find_if(kPairs, [&](std::string_view op) { return next_is(op); });
    const size_t length = pair == kPairs.end() ? 1 : 2;
    const std::string_view op = text_.substr(at_, length);
    if (length == 1 && kSingles.find(op[0]) == std::string_view::npos) {
      size_t end = at_;
      next_code_point(text_, end);
      source_.fail(static_cast<Position>(at_), "unexpected character '{}'",
                   text_.substr(at_, end - at_));
    }
    if (op == "{" || op == "[" || op == "(") {
      open += op == "{" ? '}' : (op == "[" ? ']' : ')');
    } else if (op == "}" || op == "]" || op == ")") {
      if (open.empty()) source_.fail(static_cast<Position>(at_), "unexpected '{}'", op);
      if (open.back() != op[0]) {
        source_.fail(static_cast<Position>(at_), "unexpected '{}', expected '{}'", op, open.back());
      }
      open.pop_back();
    }
    add(Token::Type::op, at_, op);
    at_ += length;
  }

  const Source& source_;
  std::string_view text_;
  size_t at_ = 0;
  bool line_starts_ = true;  // nothing stands before at_ on its line
  std::vector<Token> tokens_;
};

}  // namespace

std::string describe(const Token& token) {
  switch (token.type) {
    case Token::Type::data:
      return "text";
    case Token::Type::variable_begin:
      return "'{{'";
    case Token::Type::variable_end:
      return "'}}'";
    case Token::Type::block_begin:
      return "'{%'";
    case Token::Type::block_end:
      return "'%}'";
    case Token::Type::string:
      return "a string";
    case Token::Type::integer:
    case Token::Type::real:
      return "a number";
    case Token::Type::name:
    case Token::Type::op:
      return "'" + token.text + "'";
    case Token::Type::end:
      return "the end of the template";
  }
  return {};
}

std::vector<Token> tokenize(const Source& source) { return Lexer(source).run(); }

}  // namespace jet::jinja
