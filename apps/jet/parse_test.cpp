// What the command line accepts as numbers, sizes, ids and names.
#include "apps/jet/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jet::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ParseInteger, TakesTheWholeRange) {
  EXPECT_EQ(parse_integer("0", {}), 0);
  EXPECT_EQ(parse_integer("-3", {-5, 5}), -3);
  EXPECT_EQ(parse_integer("9223372036854775807", {}), std::numeric_limits<int64_t>::max());
}

TEST(ParseInteger, RefusesWhatIsNoWholeNumber) {
  for (const char* text :
       {"", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "12x", "x", "9223372036854775808", "1'000"}) {
    EXPECT_THROW(parse_integer(text, {}), UsageError) << text;
  }
}

TEST(ParseInteger, SaysTheRange) {
  EXPECT_EQ(message_of([] {
              parse_integer("7", {1, 6});
            }),
            "\"7\" is not a whole number of 1 to 6");
  EXPECT_EQ(message_of([] { parse_integer("-1", {}); }),
            "\"-1\" is not a whole number of 0 to 9223372036854775807");
}

TEST(ParseNumber, TakesDecimalsAndExponents) {
  EXPECT_EQ(parse_number("0.5", {0, 1}), 0.5);
  EXPECT_EQ(parse_number("1e-3", {}), 1e-3);
}

TEST(ParseNumber, RefusesNanInfinityOverflowAndRubbish) {
  for (const char* text : {"", "nan", "NaN", "inf", "-inf", "1e999", "0.5x", " 1", "-0.1", "1,5"}) {
    EXPECT_THROW(parse_number(text, {}), UsageError) << text;
  }
  EXPECT_EQ(message_of([] { parse_number("1.5", {0, 1}); }), "\"1.5\" is not a number of 0 to 1");
}

TEST(ParseBytes, KnowsDecimalUnits) {
  EXPECT_EQ(parse_bytes("12"), 12);
  EXPECT_EQ(parse_bytes("3KB"), 3000);
  EXPECT_EQ(parse_bytes("5GB"), 5'000'000'000);
  for (const char* text :
       {"", "0", "-1MB", "1.5GB", "MB", "9223372036854775807KB", "1 MB", "1TB"}) {
    EXPECT_THROW(parse_bytes(text), UsageError) << text;
  }
}

TEST(ParseIds, SplitsAtBlanksAndCommas) {
  EXPECT_THAT(parse_ids("1 2 3"), ElementsAre(1, 2, 3));
  EXPECT_THAT(parse_ids(" 1,2,\n 3 "), ElementsAre(1, 2, 3));
  EXPECT_THAT(parse_ids(""), IsEmpty());
}

TEST(ParseIds, RefusesNegativeAndWideNumbers) {
  for (const char* text : {"-1", "1 x", "2147483648", "1.5"})
    EXPECT_THROW(parse_ids(text), UsageError) << text;
  EXPECT_THAT(message_of([] { parse_ids("1 x2 3"); }), HasSubstr("\"x2\""));
}

TEST(NearestName, FindsSlips) {
  const std::vector<std::string> names{"generate", "chat", "tokenize", "inspect"};
  EXPECT_EQ(nearest_name("generat", names), "generate");
  EXPECT_EQ(nearest_name("caht", names), "chat");  // a swap is one slip
  EXPECT_EQ(nearest_name("tokenise", names), "tokenize");
  EXPECT_EQ(nearest_name("serve", names), "");
  EXPECT_EQ(nearest_name("", names), "");
}

}  // namespace
}  // namespace jet::cli
