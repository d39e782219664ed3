// Normalisation form C on the cases that its definition turns on.
#include "text/nfc.h"

#include <string>

#include <gtest/gtest.h>

namespace jet {
namespace {

std::string nfc(std::string_view text) {
  std::string storage;
  return std::string(normalize_nfc(text, storage));
}

TEST(Nfc, TextWithoutMarksIsNotCopied) {
  const std::string text = "naïve café, ASCII";
  std::string storage;
  EXPECT_EQ(normalize_nfc(text, storage).data(), text.data());
  EXPECT_TRUE(storage.empty());
}

TEST(Nfc, ComposesAndOrdersMarks) {
  EXPECT_EQ(nfc("e\u0301"), "é");
  EXPECT_EQ(nfc("a\u0302\u0323"), "\u1EAD");         // below before above: one letter
  EXPECT_EQ(nfc("q\u0307\u0323"), "q\u0323\u0307");  // no letter, but an order
  EXPECT_EQ(nfc("a\u0301\u0300"),
            "\u00E1\u0300");                   // of one class: order kept, the second is blocked
  EXPECT_EQ(nfc("\u1112\u1161\u11AB"), "한");  // Hangul by arithmetic
  EXPECT_EQ(nfc("\uAC00\u11A8"), "각");
  EXPECT_EQ(nfc("\u212B\u2126"), "\u00C5\u03A9");  // singletons
  EXPECT_EQ(nfc("\u0958"), "\u0915\u093C");        // excluded from composition
  EXPECT_EQ(nfc("\uFB01"), "\uFB01");              // compatibility characters stay
  EXPECT_EQ(nfc("\u0344"), "\u0308\u0301");
}

// Quadratic work would take minutes.
TEST(Nfc, LongRunsOfMarksAreSorted) {
  constexpr size_t kMarks = 300000;
  std::string text = "q";
  std::string sorted = "q";
  for (size_t i = 0; i < kMarks; ++i) text += "\u0301";
  for (size_t i = 0; i < kMarks; ++i) text += "\u0316";
  for (size_t i = 0; i < kMarks; ++i) sorted += "\u0316";
  for (size_t i = 0; i < kMarks; ++i) sorted += "\u0301";
  EXPECT_TRUE(nfc(text) == sorted);
}

}  // namespace
}  // namespace jet
