// Fields of a request's body: every type and range, and nothing ignored.
#include "serve/api/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/api/error.h"

namespace jet::serve {
namespace {

// The field that the error names.
template <typename Read>
std::string field_at_fault(const std::string& text, const Read& read) {
  Body body(text);
  try {
    read(body);
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status, 400);
    return error.param;
  }
  return "none";
}

TEST(Body, AbsentAndNullAreNotThere) {
  Body body(R"({"a": null})");
  EXPECT_EQ(body.integer("a", 0, 9), std::nullopt);
  EXPECT_EQ(body.integer("b", 0, 9), std::nullopt);
  EXPECT_TRUE(body.boolean("c", true));
}

TEST(Body, IntegersAreExactOrRefused) {
  const auto read = [](const std::string& value) {
    return field_at_fault("{\"n\": " + value + "}", [](Body& body) { body.integer("n", -3, 10); });
  };
  for (const char* good : {"-3", "0", "10", "4.0", "1e1"}) EXPECT_EQ(read(good), "none") << good;
  for (const char* bad :
       {"-4", "11", "4.5", "1e300", "-1e300", "9223372036854775808", "18446744073709551615",
        "123456789012345678901234567890", "\"4\"", "true", "[]", "{}"})
    EXPECT_EQ(read(bad), "n") << bad;
}

TEST(Body, TheLargestIntegersAreKept) {
  Body body(R"({"a": 9223372036854775807, "b": -9223372036854775808})");
  EXPECT_EQ(body.integer("a", INT64_MIN, INT64_MAX), INT64_MAX);
  EXPECT_EQ(body.integer("b", INT64_MIN, INT64_MAX), INT64_MIN);
}

TEST(Body, NumbersKeepTheirRange) {
  const auto read = [](const std::string& value) {
    return field_at_fault("{\"x\": " + value + "}", [](Body& body) { body.number("x", 0, 2); });
  };
  for (const char* good : {"0", "2", "0.5", "-0.0"}) EXPECT_EQ(read(good), "none") << good;
  for (const char* bad : {"-1e-300", "2.0000001", "\"1\"", "false"})
    EXPECT_EQ(read(bad), "x") << bad;
}

TEST(Body, NestedFieldsAreNamedInFull) {
  EXPECT_EQ(field_at_fault(R"({"outer": {"inner": 5}})",
                           [](Body& body) { body.object("outer")->boolean("inner", false); }),
            "outer.inner");
}

TEST(Body, WhatNobodyAskedForIsRefused) {
  EXPECT_EQ(field_at_fault(R"({"a": 1, "b": 2})",
                           [](Body& body) {
                             body.integer("a", 0, 9);
                             body.check_all_known();
                           }),
            "b");
}

TEST(Body, MissingFeaturesTakeTheirNeutralValueAlone) {
  const auto read = [](const std::string& text) {
    return field_at_fault(text, [](Body& body) { body.only("p", 0, "is not offered"); });
  };
  EXPECT_EQ(read(R"({"p": 0})"), "none");
  EXPECT_EQ(read(R"({"p": 0.0})"), "none");
  EXPECT_EQ(read("{}"), "none");
  EXPECT_EQ(read(R"({"p": 0.1})"), "p");
}

TEST(Body, IsAnObject) {
  for (const char* text : {"", "[]", "5", "null", "\"a\"", "{", "{\"a\": NaN}", "{\"a\": 1e999}"})
    EXPECT_THROW(Body{text}, ApiError) << text;
}

}  // namespace
}  // namespace jet::serve
