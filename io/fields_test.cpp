// Fields of a config: what is accepted for each kind, and messages that name file, path and remedy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/json.h"

namespace jet {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

class FieldsTest : public testing::Test {
 protected:
  const Json json_ = parse_json(R"({
    "layers": 12, "written_as_float": 12.0, "half": 0.5, "huge": 18446744073709551615, "float_huge": 1e30,
    "eps": "1e-5", "eps_text": "1e-5 ", "inf": "inf", "flag": true, "name": "x", "nothing": null,
    "list": [1], "rope": {"theta": 10000, "deep": {"bad": "text"}}})",
                                "config.json");
  const Fields fields_{json_, "config.json"};
};

TEST_F(FieldsTest, Integers) {
  EXPECT_EQ(fields_.integer("layers", 1, 12), 12);
  EXPECT_EQ(fields_.integer("written_as_float", 0, 100), 12);
  EXPECT_EQ(fields_.optional_integer("nothing", 0, 1), std::nullopt);
  EXPECT_EQ(fields_.optional_integer("absent", 0, 1), std::nullopt);
  const std::pair<std::string, std::string> bad[] = {
      {"layers", "12"},      {"half", "0.5"},         {"flag", "a boolean"},
      {"name", "a string"},  {"list", "an array"},    {"huge", "18446744073709551615"},
      {"absent", "missing"}, {"float_huge", "1e+30"}, {"nothing", "missing"}};
  for (const auto& entry : bad) {
    const auto read = [&] { fields_.integer(entry.first, 1, 11); };
    const auto message = fmt::format("config.json: field {}: {}, expected an integer from 1 to 11",
                                     entry.first, entry.second);
    EXPECT_THAT(read, ThrowsMessage<Error>(StrEq(message)));
  }
}

TEST_F(FieldsTest, Numbers) {
  EXPECT_EQ(fields_.number("half"), 0.5);
  EXPECT_EQ(fields_.number("layers"), 12.0);
  EXPECT_EQ(fields_.number("eps"), 1e-5);
  EXPECT_EQ(fields_.optional_number("absent"), std::nullopt);
  EXPECT_THAT([&] { fields_.number("absent"); },
              ThrowsMessage<Error>(StrEq("config.json: field absent: missing, expected a number")));
  EXPECT_THAT(
      [&] { fields_.number("eps_text"); },
      ThrowsMessage<Error>(StrEq("config.json: field eps_text: \"1e-5 \", expected a number")));
  EXPECT_THAT([&] { fields_.number("inf"); },
              ThrowsMessage<Error>(StrEq("config.json: field inf: inf, expected a finite number")));
  EXPECT_THROW(fields_.number("flag"), Error);
}

TEST_F(FieldsTest, BooleansAndStrings) {
  EXPECT_TRUE(fields_.boolean("flag", false));
  EXPECT_TRUE(fields_.boolean("absent", true));
  EXPECT_FALSE(fields_.boolean("nothing", false));
  EXPECT_EQ(fields_.string("name"), "x");
  EXPECT_EQ(fields_.optional_string("absent"), std::nullopt);
  EXPECT_THAT(
      [&] { fields_.boolean("layers", true); },
      ThrowsMessage<Error>(StrEq("config.json: field layers: a number, expected true or false")));
  EXPECT_THAT(
      [&] { fields_.string("layers"); },
      ThrowsMessage<Error>(StrEq("config.json: field layers: a number, expected a string")));
  EXPECT_THAT([&] { fields_.string("absent"); },
              ThrowsMessage<Error>(StrEq("config.json: field absent: missing, expected a string")));
}

TEST_F(FieldsTest, NestedObjectsKeepTheirPath) {
  const Fields rope = fields_.object("rope");
  EXPECT_EQ(rope.integer("theta", 1, 1000000), 10000);
  EXPECT_TRUE(rope.has("deep"));
  EXPECT_FALSE(fields_.has("nothing"));
  EXPECT_THAT(
      [&] { rope.object("deep").number("bad"); },
      ThrowsMessage<Error>(StrEq("config.json: field rope.deep.bad: \"text\", expected a number")));
  EXPECT_THAT([&] { fields_.object("list"); },
              ThrowsMessage<Error>(StrEq("config.json: field list: an array, expected an object")));
  EXPECT_THAT(
      [&] { fields_.object("absent"); },
      ThrowsMessage<Error>(StrEq("config.json: field absent: missing, expected an object")));
  EXPECT_THAT([&] { Fields(json_["list"], "f"); },
              ThrowsMessage<Error>(StrEq("f: an array, expected an object")));
}

}  // namespace
}  // namespace jet
