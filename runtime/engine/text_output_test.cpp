// Text of an answer: stop strings across tokens, characters across tokens, special tokens.
#include "runtime/engine/text_output.h"

#include <gtest/gtest.h>

namespace jet {
namespace {

// The byte's character in GPT-2's alphabet: printable bytes stand for themselves, the others from
// U+0100 on in order.
std::string alphabet(int byte, int& moved) {
  const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const int code = printable ? byte : 256 + moved++;
  if (code < 128) return {static_cast<char>(code)};
  return {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
}

// A tokenizer of the 256 bytes and one special token, 256.
Tokenizer byte_tokenizer() {
  TokenizerSpec spec;
  int moved = 0;
  for (int byte = 0; byte < 256; ++byte) spec.tokens.push_back(alphabet(byte, moved));
  spec.tokens.emplace_back("<|end|>");
  spec.added = {{.id = 256, .content = "<|end|>"}};
  return Tokenizer(spec);
}

std::string feed(TextOutput& output, std::string_view bytes) {
  std::string given;
  for (const char byte : bytes) given += output.push(static_cast<unsigned char>(byte));
  return given;
}

TEST(TextOutput, HoldsBackWhatMayBeginAStopString) {
  const Tokenizer tokenizer = byte_tokenizer();
  TextOutput output(&tokenizer, {"STOP"});
  EXPECT_EQ(feed(output, "abST"), "ab");
  EXPECT_EQ(feed(output, "x"), "STx");
  EXPECT_FALSE(output.stopped());
  EXPECT_EQ(feed(output, "yST"), "y");
  EXPECT_EQ(output.finish(), "ST");
  EXPECT_EQ(output.text(), "abSTxyST");
}

TEST(TextOutput, EndsBeforeTheFirstStopString) {
  const Tokenizer tokenizer = byte_tokenizer();
  TextOutput output(&tokenizer, {"\n\n", "END"});
  EXPECT_EQ(feed(output, "one\ntwo\n"), "one\ntwo");
  EXPECT_EQ(feed(output, "\nthree"), "");
  EXPECT_TRUE(output.stopped());
  EXPECT_EQ(output.finish(), "");
  EXPECT_EQ(output.text(), "one\ntwo");
}

TEST(TextOutput, GivesWholeCharacters) {
  const Tokenizer tokenizer = byte_tokenizer();
  TextOutput output(&tokenizer, {});
  EXPECT_EQ(feed(output, "\xf0\x9f\x99"), "");
  EXPECT_EQ(feed(output, "\x82"), "🙂");
  EXPECT_EQ(feed(output, "\xe2\x82"), "");
  EXPECT_EQ(output.finish(), "\xef\xbf\xbd");  // cut short: U+FFFD
}

TEST(TextOutput, LeavesSpecialTokensOut) {
  const Tokenizer tokenizer = byte_tokenizer();
  TextOutput output(&tokenizer, {"<|end|>"});
  EXPECT_EQ(output.push(256), "");
  EXPECT_FALSE(output.stopped());
  EXPECT_EQ(feed(output, "a"), "a");
}

TEST(TextOutput, IsEmptyWithoutATokenizer) {
  TextOutput output(nullptr, {});
  EXPECT_EQ(output.push(3), "");
  EXPECT_EQ(output.finish(), "");
}

}  // namespace
}  // namespace jet
