// The table between bytes and characters, both ways.
#include "text/byte_alphabet.h"

#include <array>

#include "text/utf8.h"

namespace jet {
namespace {

constexpr size_t kCharacters = 256 + 68;  // the largest code point in the alphabet is U+0143

bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<std::string, 256> symbols;
  std::array<int, kCharacters> bytes;  // by code point, -1: none

  Alphabet() {
    bytes.fill(-1);
    char32_t next = 256;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const char32_t code = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
      append_utf8(symbols[byte], code);
      bytes[code] = static_cast<int>(byte);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet table;
  return table;
}

}  // namespace

std::string_view byte_symbol(unsigned char byte) { return alphabet().symbols[byte]; }

std::string token_bytes(std::string_view token) {
  std::string out;
  for (std::string_view rest = token; !rest.empty();) {
    const Utf8Part part = first_utf8(rest);
    if (part.kind != Utf8Kind::Character) return std::string(token);
    const char32_t code = code_point(rest.substr(0, part.length));
    if (code >= kCharacters || alphabet().bytes[code] < 0) return std::string(token);
    out += static_cast<char>(alphabet().bytes[code]);
    rest.remove_prefix(part.length);
  }
  return out;
}

}  // namespace jet
