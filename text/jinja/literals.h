// Literals in tags: how far they reach and what they mean. Python's rules, as Jinja applies them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/jinja/source.h"

namespace jet::jinja {

// Length of the literal that `text` begins with, 0 if there is none.
size_t real_literal(std::string_view text);     // 1.5, 1e-3, 1_000.0
size_t integer_literal(std::string_view text);  // 12, 1_000, 0x1f, 0o17, 0b1
size_t string_literal(std::string_view text);   // with its quotes

double real_value(std::string_view literal);
std::optional<int64_t> integer_value(std::string_view literal);  // nothing beyond 64 bits
// What stands between the quotes, which begins at `at`, with its escapes resolved. Throws Error.
std::string unescape(const Source& source, Position at, std::string_view body);

}  // namespace jet::jinja
