// UTF-8: where characters begin and end, and which bytes do not form any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace jet {

enum class Utf8Kind {
  Character,  // a whole character
  IllFormed,  // bytes that no character begins with
  Cut,        // the end of the input cuts a character
};

struct Utf8Part {
  Utf8Kind kind;
  size_t length;  // 1 to 4
};

// The first character of `bytes`, which is not empty, or else the longest part that could have
// begun one (at least one byte): Unicode's "maximal subpart", which becomes one U+FFFD.
Utf8Part first_utf8(std::string_view bytes);

// Offset of the first byte that is not part of a character, if there is one.
std::optional<size_t> find_invalid_utf8(std::string_view bytes);

// The code point of one whole character.
char32_t code_point(std::string_view character);

// The last character of well-formed text that is not empty.
std::string_view last_character(std::string_view text);

void append_utf8(std::string& out, char32_t code_point);

}  // namespace jet
