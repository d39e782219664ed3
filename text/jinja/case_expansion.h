// Letters that grow when their case changes: "ß" becomes "SS".
#pragma once

#include <string_view>

namespace jet::jinja {

// Empty for all other letters.
std::u32string_view upper_expansion(char32_t c);
std::u32string_view title_expansion(char32_t c);

}  // namespace jet::jinja
