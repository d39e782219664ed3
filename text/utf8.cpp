// UTF-8 by the table of well-formed byte sequences (Unicode Standard, table 3-7).
#include "text/utf8.h"

#include <cstdint>
#include <cstring>

namespace jet {
namespace {

struct Lead {
  size_t length;        // of the character; 0: no character begins so
  unsigned char least;  // range of the second byte
  unsigned char most;
};

Lead lead(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};  // shorter forms exist below
  if (byte == 0xED) return {3, 0x80, 0x9F};  // surrogates lie above
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};  // U+10FFFF is the last
  return {0, 0, 0};
}

}  // namespace

Utf8Part first_utf8(std::string_view bytes) {
  const Lead first = lead(static_cast<unsigned char>(bytes[0]));
  if (first.length == 0) return {Utf8Kind::IllFormed, 1};
  unsigned char least = first.least;
  unsigned char most = first.most;
  for (size_t i = 1; i < first.length; ++i) {
    if (i == bytes.size()) return {Utf8Kind::Cut, i};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < least || byte > most) return {Utf8Kind::IllFormed, i};
    least = 0x80;
    most = 0xBF;
  }
  return {Utf8Kind::Character, first.length};
}

std::optional<size_t> find_invalid_utf8(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    uint64_t eight = 0;
    if (bytes.size() - at >= sizeof eight) {
      std::memcpy(&eight, bytes.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080u) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const Utf8Part part = first_utf8(bytes.substr(at));
    if (part.kind != Utf8Kind::Character) return at;
    at += part.length;
  }
  return std::nullopt;
}

char32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  char32_t value = first & (0xFFu >> (character.size() + 1));
  for (const char c : character.substr(1))
    value = value << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return value;
}

std::string_view last_character(std::string_view text) {
  size_t begin = text.size() - 1;
  while ((static_cast<unsigned char>(text[begin]) & 0xC0u) == 0x80u) --begin;
  return text.substr(begin);
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto tail = [&](int shift) {
    out += static_cast<char>(0x80u | (code_point >> shift & 0x3Fu));
  };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0u | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0u | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0u | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace jet
