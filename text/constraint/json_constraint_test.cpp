// Schemas to grammars, texts against grammars, and the tokens that may come next.
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jet/error.h>

#include "text/constraint/json_grammar.h"
#include "text/constraint/json_machine.h"
#include "text/constraint/token_constraint.h"
#include "text/test_tokenizers.h"

namespace jet {
namespace {

using ::testing::HasSubstr;

bool fits(const JsonGrammar& grammar, std::string_view text) {
  JsonMachine machine(grammar);
  return machine.push(text) && machine.accepts();
}

bool fits(const std::string& schema, std::string_view text) {
  return fits(json_schema_grammar(parse_json(schema, "schema")), text);
}

std::string error_of(const std::string& schema) {
  try {
    json_schema_grammar(parse_json(schema, "schema"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(AnyJsonObject, IsWhatAJsonParserTakesAsAnObject) {
  const JsonGrammar grammar = any_json_object();
  for (const char* text : {"{}", R"({"a": 1})", R"({ "a" : [1, -0.5e+10, true, null, "x"],
   "b": {"c": {}}})",
                           R"({"é": "\u00e9\n\"\\ 漢字 😀"})", "{\n}"}) {
    EXPECT_TRUE(fits(grammar, text)) << text;
    EXPECT_NO_THROW(parse_json(text, "text")) << text;
  }
  for (const char* text : {"",
                           "[]",
                           "1",
                           "{",
                           R"({"a")",
                           R"({"a":})",
                           R"({"a":1,})",
                           R"({a:1})",
                           "{} ",
                           R"({"a":01})",
                           R"({"a":1.})",
                           R"({"a":-})",
                           R"({"a":1e})",
                           R"({"a":tru})",
                           "{\"a\":\"\n\"}",
                           R"({"a":"\x"})",
                           R"({"a":"\ud800"})",
                           "{\"a\":\"\xff\"}",
                           "{\"a\":\"\xc0\x80\"}",
                           "{\"a\":\"\xed\xa0\x80\"}",
                           R"({"a":+1})",
                           R"({"a":NaN})"})
    EXPECT_FALSE(fits(grammar, text)) << text;
}

TEST(AnyJsonObject, NothingGoesOnForEver) {
  const JsonGrammar grammar = any_json_object();
  EXPECT_FALSE(fits(grammar, "{" + std::string(40, ' ') + "}"));
  EXPECT_FALSE(fits(grammar, "{\n\n}"));
  EXPECT_FALSE(fits(grammar, "{\"a\":" + std::string(30, '1') + "}"));
  std::string deep = "{\"a\":";
  for (int i = 0; i < 80; ++i) deep += '[';
  EXPECT_FALSE(JsonMachine(grammar).push(deep));
}

constexpr const char* kPerson = R"({"type": "object", "properties": {
  "name": {"type": "string", "minLength": 1, "maxLength": 5}, "age": {"type": "integer"},
  "nick": {"type": ["string", "null"]}, "tags": {"type": "array", "items": {"enum": ["a", "ab", 5, 53]}, "minItems": 1, "maxItems": 2}},
  "required": ["name", "tags"], "additionalProperties": false})";

TEST(JsonSchema, AnObjectHasItsPropertiesInOrder) {
  for (const char* text :
       {R"({"name": "Ada", "age": 36, "nick": null, "tags": ["a"]})",
        R"({"name":"Ada","tags":["ab",53]})", R"({"name":"Ada","nick":"","tags":[5]})",
        R"({"name":"漢字漢字漢","tags":["a"]})"})
    EXPECT_TRUE(fits(kPerson, text)) << text;
  for (const char* text :
       {R"({"name":"Ada"})", R"({"tags":["a"]})", R"({"tags":["a"],"name":"Ada"})",
        R"({"name":"","tags":["a"]})", R"({"name":"Ada Lo","tags":["a"]})",
        R"({"name":"Ada","age":3.5,"tags":["a"]})", R"({"name":"Ada","tags":[]})",
        R"({"name":"Ada","tags":["a","a","a"]})", R"({"name":"Ada","tags":["b"]})",
        R"({"name":"Ada","tags":[533]})", R"({"name":"Ada","more":1,"tags":["a"]})",
        R"({"name":"Ada","name":"Ada","tags":["a"]})"})
    EXPECT_FALSE(fits(kPerson, text)) << text;
}

TEST(JsonSchema, AlternativesAndReferences) {
  const char* tree =
      R"({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {
    "value": {"anyOf": [{"type": "integer"}, {"type": "number"}, {"const": "none"}]},
    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}, "required": ["value"]}}})";
  EXPECT_TRUE(
      fits(tree, R"({"value":1,"children":[{"value":1.5},{"value":"none","children":[]}]})"));
  EXPECT_FALSE(fits(tree, R"({"value":1,"children":[{}]})"));
  EXPECT_FALSE(fits(tree, R"({"value":"nobody"})"));
  const char* map = R"({"type": "object", "additionalProperties": {"type": "boolean"}})";
  EXPECT_TRUE(fits(map, R"({"a":true,"b":false})"));
  EXPECT_FALSE(fits(map, R"({"a":1})"));
  EXPECT_TRUE(fits(R"({"type": "integer"})", "-12"));
  EXPECT_FALSE(fits(R"({"type": "integer"})", "-"));
  EXPECT_TRUE(fits("{}", R"([{"a": [1]}])"));
}

TEST(JsonSchema, AlternativesThatBecomeTheSameAreOne) {
  const char* numbers =
      R"({"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "number"}]}})";
  std::string text = "[0";
  for (int i = 0; i < 200; ++i) text += ",1";
  EXPECT_TRUE(fits(numbers, text + "]"));
}

TEST(JsonSchema, WhatIsNotKnownIsRefusedWithItsPlace) {
  EXPECT_THAT(error_of(R"({"type": "string", "pattern": "(a+)+"})"), HasSubstr("schema.pattern"));
  EXPECT_THAT(error_of(R"({"properties": {"a": {"oneOf": []}}})"),
              HasSubstr("schema.properties.a.oneOf"));
  EXPECT_THAT(error_of(R"({"type": "number", "minimum": 1})"), HasSubstr("schema.minimum"));
  EXPECT_THAT(error_of(R"({"$ref": "http://127.0.0.1/x"})"), HasSubstr("schema.$ref"));
  EXPECT_THAT(error_of(R"({"$ref": "#"})"), HasSubstr("$ref"));
  EXPECT_THAT(error_of(R"({"anyOf": []})"), HasSubstr("schema.anyOf"));
  EXPECT_THAT(error_of(R"({"type": "strang"})"), HasSubstr("schema.type"));
  EXPECT_THAT(error_of(R"({"type": "array", "minItems": 3, "maxItems": 2})"),
              HasSubstr("schema.minItems"));
  EXPECT_THAT(error_of(R"({"type": "string", "minLength": -1})"), HasSubstr("schema.minLength"));
  EXPECT_THAT(error_of(R"({"type": "object", "required": ["x"]})"), HasSubstr("schema.required"));
  EXPECT_THAT(error_of(R"({"required": ["x"]})"), HasSubstr("schema.required"));
  std::string many = "{\"enum\": [0";
  for (int i = 1; i < 100'000; ++i) many += ",\"" + std::to_string(i) + "0000000000\"";
  EXPECT_THAT(error_of(many + "]}"), HasSubstr("schema.enum"));
  std::string wide = "{\"anyOf\": [{}";
  for (int i = 0; i < 20'000; ++i) wide += ",{\"type\":\"string\"}";
  EXPECT_THAT(error_of(wide + "]}"), HasSubstr("10000"));
}

TEST(JsonSchema, ATypeChoosesAmongValues) {
  const char* mixed =
      R"({"title": "m", "type": "integer", "enum": ["x", 2, 2.5, 3.0, true, null]})";
  for (const char* text : {"2", "3.0"}) EXPECT_TRUE(fits(mixed, text)) << text;
  for (const char* text : {R"("x")", "2.5", "true", "null"})
    EXPECT_FALSE(fits(mixed, text)) << text;
  const char* two = R"({"type": ["string", "null"], "enum": ["x", 2, null, {}, []]})";
  for (const char* text : {R"("x")", "null"}) EXPECT_TRUE(fits(two, text)) << text;
  for (const char* text : {"2", "{}", "[]"}) EXPECT_FALSE(fits(two, text)) << text;
  EXPECT_TRUE(fits(R"({"type": "number", "const": 2})", "2"));
  EXPECT_TRUE(fits(R"({"type": "object", "const": {"a": 1}})", R"({"a":1})"));
  EXPECT_TRUE(fits(R"({"type": "boolean", "enum": [1, false]})", "false"));
  EXPECT_TRUE(fits(R"({"type": "array", "enum": [1, [2]]})", "[2]"));
  EXPECT_THAT(error_of(R"({"type": "integer", "enum": ["x"]})"), HasSubstr("schema.enum"));
  EXPECT_THAT(error_of(R"({"type": "string", "const": 5})"), HasSubstr("schema.const"));
  EXPECT_THAT(error_of(R"({"type": "strang", "const": "a"})"), HasSubstr("schema.type"));
}

TEST(JsonSchema, WhatIsNotIntersectedIsRefused) {
  const char* annotated = R"("title": "t", "description": "d", "default": 1, "examples": [1],
    "$comment": "c", "$defs": {"n": {"type": "integer"}})";
  for (const char* alone :
       {R"("$ref": "#/$defs/n")", R"("anyOf": [{"type": "integer"}])",
        R"("allOf": [{"type": "integer"}])", R"("enum": [1])", R"("const": 1)"}) {
    EXPECT_TRUE(fits(fmt::format("{{{}, {}}}", alone, annotated), "1")) << alone;
    for (const char* bound : {R"("minLength": 3)", R"("maxItems": 1)", R"("required": ["a"])",
                              R"("properties": {"a": {}})", R"("items": {})"}) {
      EXPECT_THAT(error_of(fmt::format("{{{}, {}, {}}}", alone, bound, annotated)),
                  HasSubstr("is not offered beside"))
          << alone << bound;
    }
  }
  for (const char* two :
       {R"({"type": "string", "anyOf": [{}]})", R"({"type": "string", "allOf": [{}]})",
        R"({"$ref": "#/$defs/n", "type": "string", "$defs": {"n": {}}})",
        R"({"anyOf": [{}], "allOf": [{}]})", R"({"const": 1, "enum": [2]})"})
    EXPECT_THAT(error_of(two), HasSubstr("is not offered beside")) << two;
}

// What the tree of prefixes marks is what reading each token alone says, at every place of a text.
TEST(TokenTable, MarksWhatCanBeRead) {
  const Tokenizer tokenizer(testing_text::tokenizer_512());
  const TokenTable table(tokenizer);
  for (const JsonGrammar& grammar :
       {any_json_object(), json_schema_grammar(parse_json(kPerson, "schema"))}) {
    JsonMachine machine(grammar);
    for (const char byte : std::string_view(R"({"name": "Ad\u0061", "tags": ["a", 5]})")) {
      std::vector<uint8_t> allowed(static_cast<size_t>(tokenizer.vocabulary()), 2);
      table.mark(machine, allowed);
      for (int32_t id = 0; id < tokenizer.vocabulary(); ++id) {
        JsonMachine alone = machine;
        const bool wanted = !tokenizer.is_special(id) && !tokenizer.bytes(id).empty() &&
                            alone.push(tokenizer.bytes(id));
        ASSERT_EQ(allowed[static_cast<size_t>(id)], wanted ? 1 : 0)
            << "before " << byte << ": " << tokenizer.bytes(id);
      }
      ASSERT_TRUE(machine.push(byte)) << byte;
    }
  }
}

TEST(TokenConstraint, AllowsTheEndWhereTheTextMayEnd) {
  const Tokenizer tokenizer(testing_text::tokenizer_512());
  const auto table = std::make_shared<const TokenTable>(tokenizer);
  const int32_t end = *tokenizer.id_of("<|im_end|>");
  TokenConstraint constraint(table, std::make_shared<const JsonGrammar>(any_json_object()), {end});
  const auto may_end = [&](const std::string& text) {
    std::vector<float> scores(static_cast<size_t>(tokenizer.vocabulary()) + 5, 1.0F);
    constraint.apply(tokenizer.encode(text), scores);
    EXPECT_EQ(scores.back(), -std::numeric_limits<float>::infinity());
    return std::isfinite(scores[static_cast<size_t>(end)]);
  };
  EXPECT_FALSE(may_end(""));
  EXPECT_FALSE(may_end("{"));
  EXPECT_TRUE(may_end("{}"));
}

}  // namespace
}  // namespace jet
