// UTF-8 scanning against the code points it was made from, and the replacement of bytes that form
// no character.
#include "text/utf8.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"
#include "io/file.h"
#include "io/json.h"
#include "text/utf8_stream.h"

namespace jet {
namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

// [bytes in hexadecimal, what Python decodes them to with errors="replace"]
Json replacement_cases() {
  const std::string path = JET_SOURCE_DIR "/text/testdata/utf8_replacement.json";
  return parse_json(read_text_file(path), path);
}

TEST(Utf8, EveryCodePointIsWrittenAndReadBack) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    std::string text;
    append_utf8(text, code);
    const Utf8Part part = first_utf8(text);
    const bool is_surrogate = code >= 0xD800 && code < 0xE000;
    ASSERT_EQ(part.kind == Utf8Kind::Character, !is_surrogate) << static_cast<uint32_t>(code);
    if (is_surrogate) continue;
    ASSERT_EQ(part.length, text.size()) << static_cast<uint32_t>(code);
    ASSERT_TRUE(code_point(text) == code) << static_cast<uint32_t>(code);
    ASSERT_EQ(last_character("x" + text), text);
  }
}

TEST(Utf8, NamesTheFirstByteThatIsNotPartOfACharacter) {
  EXPECT_EQ(find_invalid_utf8("plain ASCII, longer than eight bytes; é世🙂"), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("0123456789\xFF"), 10u);
  EXPECT_EQ(find_invalid_utf8("é\xED\xA0\x80"), 2u);       // a surrogate
  EXPECT_EQ(find_invalid_utf8("\xC0\x80"), 0u);            // NUL in two bytes
  EXPECT_EQ(find_invalid_utf8("a\xF0\x9F\x99"), 1u);       // cut
  EXPECT_EQ(find_invalid_utf8("ab\xF4\x90\x80\x80"), 2u);  // beyond U+10FFFF
}

TEST(Utf8Stream, ReplacesBytesAsPythonDoes) {
  for (const Json& row : replacement_cases()) {
    EXPECT_EQ(replace_invalid_utf8(from_hex(row[0].get<std::string>())), row[1].get<std::string>())
        << row[0];
  }
}

TEST(Utf8Stream, AnyPiecesGiveWhatAllBytesTogetherGive) {
  Random random(1);
  for (const Json& row : replacement_cases()) {
    const std::string bytes = from_hex(row[0].get<std::string>());
    for (int repeat = 0; repeat < 5; ++repeat) {
      Utf8Stream stream;
      std::string text;
      for (size_t at = 0; at < bytes.size();) {
        const size_t length = random.bits() % 4;  // empty pieces too
        stream.push(std::string_view(bytes).substr(at, length), text);
        EXPECT_FALSE(find_invalid_utf8(text)) << row[0];
        at += length;
      }
      stream.flush(text);
      EXPECT_EQ(text, row[1].get<std::string>()) << row[0];
    }
  }
}

TEST(Utf8Stream, HoldsACharacterBackUntilItIsComplete) {
  Utf8Stream stream;
  std::string text;
  stream.push("a\xF0\x9F", text);
  EXPECT_EQ(text, "a");
  stream.push("\x99", text);
  EXPECT_EQ(text, "a");
  stream.push("\x82", text);
  EXPECT_EQ(text, "a🙂");
  stream.push("\xE2\x82", text);
  EXPECT_EQ(text, "a🙂");
  stream.flush(text);
  EXPECT_EQ(text, "a🙂\uFFFD");
  stream.flush(text);
  EXPECT_EQ(text, "a🙂\uFFFD");
}

}  // namespace
}  // namespace jet
