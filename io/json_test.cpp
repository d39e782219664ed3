// JSON: what is refused, and where the message points.
#include "io/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace jet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(Json, ReadsEveryKindAndKeepsTheOrderOfKeys) {
  constexpr std::string_view kText =
      R"({"z":1,"a":[true,null,-2,1.5,"\u00e9\ud83d\ude00"],"m":{"k":{}}})";
  EXPECT_EQ(parse_json(kText, "f").dump(),
            "{\"z\":1,\"a\":[true,null,-2,1.5,\"é😀\"],\"m\":{\"k\":{}}}");
  EXPECT_EQ(parse_json(" 7 ", "f"), 7);
  EXPECT_EQ(parse_json("18446744073709551615", "f"), UINT64_MAX);
}

TEST(Json, ALargeIntegerBecomesADouble) {  // tokenizer_config.json: model_max_length
  EXPECT_EQ(parse_json("1000000000000000019884624838656", "f"), 1e30);
}

struct Bad {
  std::string name;
  std::string text;
  std::string where;  // "line L, column C"
  std::string words;
};

TEST(Json, RefusesWithThePlace) {
  const Bad cases[] = {
      {"empty", "", "line 1, column 1", "unexpected end"},
      {"cut short", "{\"a\": [1, 2", "line 1, column", "unexpected end"},
      {"two documents", "{} {}", "line 1, column 4", "expected end of input"},
      {"trailing comma", "[1,\n2,]", "line 2, column 3", "unexpected ']'"},
      {"comment", "[1] // x", "line 1, column 5", "invalid literal"},
      {"single quotes", "{'a': 1}", "line 1, column 2", ""},
      {"NaN", "{\"a\": NaN}", "line 1, column 7", "invalid literal"},
      {"leading zero", "[01]", "line 1, column 4", "expected ']'"},
      {"overflow", "[1e999]", "line 1, column", "number overflow"},
      {"duplicate", "{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", "line 3, column 4",
       "the key \"a\" is given twice"},
      {"duplicate inside", "{\"a\": {\"b\": 1, \"b\": 2}}", "line 1, column 18",
       "the key \"b\" is given twice"},
      {"duplicate by escape", "{\"a\": 1, \"\\u0061\": 3}", "line 1, column", "given twice"},
      {"line break in a string", "\"a\nb\"", "line", "control character"},
      {"bare continuation byte", "[\"\x80\"]", "line 1, column 3", "UTF-8"},
      {"overlong", "\"\xc0\xaf\"", "line 1", "UTF-8"},
      {"surrogate as UTF-8", "\"\xed\xa0\x80\"", "line 1", "UTF-8"},
      {"beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", "line 1", "UTF-8"},
      {"character cut short", "[\"\xe2\x82", "line 1", "UTF-8"},
      {"lone surrogate", "\"\\ud800\"", "line 1", "surrogate"},
      {"zero byte", std::string("{\"a\":\0 1}", 9), "line 1, column 6", ""},
      {"zero byte behind", std::string("{}\0{", 4), "line 1, column 3", "a zero byte"},
  };
  for (const Bad& bad : cases) {
    const auto parse = [&] { parse_json(bad.text, "dir/f.json"); };
    const auto message = AllOf(StartsWith("dir/f.json: " + bad.where), HasSubstr(bad.words));
    EXPECT_THAT(parse, ThrowsMessage<Error>(message)) << bad.name;
  }
}

TEST(Json, MessagesAreOneShortLineOfText) {
  const std::string junk = "{\"" + std::string(5000, 'k') + "\x1b[31m\n\":1}";
  try {
    parse_json(junk, "f");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_LT(std::string_view(error.what()).size(), 300u);
    for (const char c : std::string_view(error.what())) EXPECT_TRUE(c >= ' ' && c <= '~');
  }
}

TEST(Json, SameKeyInDifferentObjectsIsFine) {
  EXPECT_EQ(parse_json(R"([{"a":1},{"a":{"a":2}}])", "f").size(), 2u);
}

TEST(Json, DepthIsBounded) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(100), "f").is_array());
  EXPECT_THAT([&] { parse_json(nested(101), "f"); },
              ThrowsMessage<Error>(HasSubstr("line 1, column 101: nested deeper than 100")));
  std::string objects;
  for (int i = 0; i < 1000000; ++i) objects += "{\"a\":";
  EXPECT_THROW(parse_json(objects, "f"), Error);
  EXPECT_THROW(parse_json(std::string(1000000, '['), "f"), Error);
}

TEST(Json, ALargeVocabularyIsNotQuadratic) {  // it would take minutes, and the suite's limit
  std::string text = "{";
  for (int i = 0; i < 400000; ++i) text += fmt::format("\"token{}\":{},", i, i);
  const Json vocabulary = parse_json(text + "\"last\":0}", "f");
  EXPECT_EQ(vocabulary.size(), 400001u);
}

}  // namespace
}  // namespace jet
