// Python's numbers: comparison of ints with floats, and the text of a float.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/jinja/value.h"

namespace jet::jinja {

// The integer that equals the number, if there is one in 64 bits.
std::optional<int64_t> exact_integer(double number);
// Exact also where an int has no float. Requires is_number() of both.
std::partial_ordering compare_numbers(const Value& a, const Value& b);

// repr(): the shortest digits that read back the same, "1e+16" from 10^16 on, "1.0" for whole
// numbers.
std::string float_text(double number);
// int(text, base) and float(text): nothing where Python raises ValueError. An int that needs more
// than 64 bits sets `overflow`.
std::optional<int64_t> parse_integer(std::string_view text, int base, bool& overflow);
std::optional<double> parse_float(std::string_view text);

}  // namespace jet::jinja
