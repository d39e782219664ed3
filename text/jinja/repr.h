// Values as text: what {{ }} prints, Python's str() and repr(), and JSON.
#pragma once

#include <optional>
#include <string>

#include "text/jinja/runtime.h"

namespace jet::jinja {

// str(): a string is itself, an undefined value is empty. Error for what prints as an address in
// Python.
void append_text(Runtime& rt, std::string& out, const Value& value);
std::string to_text(Runtime& rt, const Value& value);
// repr(), as inside a printed list: 'it\'s', [1, None].
std::string to_repr(Runtime& rt, const Value& value);

struct JsonStyle {
  bool ascii = false;                 // \u escapes beyond ASCII
  std::optional<std::string> indent;  // of one level; without it all stands on one line
  std::string between_items = ", ";   // "," when indented
  std::string behind_key = ": ";
  bool sort_keys = false;
};
// As json.dumps() writes it.
std::string to_json(Runtime& rt, const Value& value, const JsonStyle& style);

}  // namespace jet::jinja
