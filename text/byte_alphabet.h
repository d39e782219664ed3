// GPT-2's alphabet: every byte is written as one printable character, so that any bytes can stand
// in a vocabulary as text. Printable characters of Latin-1 stand for themselves, the other 68 bytes
// are U+0100 onwards (' ' is 'Ġ').
#pragma once

#include <string>
#include <string_view>

namespace jet {

// The character, in UTF-8, that stands for `byte`.
std::string_view byte_symbol(unsigned char byte);

// The bytes a token stands for. A token with a character outside the alphabet stands for itself.
std::string token_bytes(std::string_view token);

}  // namespace jet
