// Cuts a template into text and the tokens of its tags, with Jinja's rules of white space:
// trim_blocks and lstrip_blocks on, as transformers sets them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/jinja/source.h"

namespace jet::jinja {

struct Token {
  enum class Type {
    data,
    variable_begin,
    variable_end,
    block_begin,
    block_end,
    name,
    string,
    integer,
    real,
    op,
    end
  };
  Type type = Type::end;
  Position at = 0;
  std::string text;  // of data, name, string (unescaped) and op
  int64_t integer = 0;
  double real = 0;

  bool is(Type wanted) const { return type == wanted; }
  bool is_op(std::string_view op) const { return type == Type::op && text == op; }
  bool is_name(std::string_view name) const { return type == Type::name && text == name; }
};

// What a person calls it in an error: "end of template", "'foo'".
std::string describe(const Token& token);

// The last token is of type end. Throws Error.
std::vector<Token> tokenize(const Source& source);

}  // namespace jet::jinja
