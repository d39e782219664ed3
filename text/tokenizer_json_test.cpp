// tokenizer.json: what is read, what is refused and how it is named, and that writing loses
// nothing.
#include "text/tokenizer_json.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "jet/error.h"
#include "text/test_tokenizers.h"
#include "text/tokenizer.h"

namespace jet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_text::tokenizer_512;

// A small tokenizer in the form of GPT-2's.
Json small() {
  return Json::parse(R"json({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 4, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
                      "normalized": false, "special": true}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "post_processor": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
    "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
    "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
              "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
              "vocab": {"a": 0, "b": 1, "ab": 2, "aba": 3}, "merges": [["a", "b"], ["ab", "a"]]}})json");
}

TokenizerSpec parse(const Json& json, const Json& config = nullptr) {
  return parse_tokenizer_json(json.dump(), config, "t.json");
}

std::string refusal(const Json& json, const Json& config = nullptr) {
  try {
    parse(json, config);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal_after(const std::function<void(Json&)>& change) {
  Json json = small();
  change(json);
  return refusal(json);
}

TEST(TokenizerJson, ReadsASmallTokenizer) {
  const TokenizerSpec spec = parse(small());
  EXPECT_THAT(spec.tokens, ElementsAre("a", "b", "ab", "aba", "<s>"));
  EXPECT_THAT(spec.merges, ElementsAre(testing::Pair("a", "b"), testing::Pair("ab", "a")));
  EXPECT_EQ(spec.pre_tokenizer, PreTokenizer::Gpt2);
  EXPECT_FALSE(spec.normalize_nfc);
  EXPECT_EQ(spec.bos, std::nullopt);
  EXPECT_TRUE(spec.eos.empty());
  EXPECT_THAT(Tokenizer(spec).encode("aba<s>a"), ElementsAre(3, 4, 0));
}

TEST(TokenizerJson, ReadsMergesWrittenAsOneString) {
  Json json = small();
  json["model"]["merges"] = Json::parse(R"(["a b", "ab a"])");
  EXPECT_EQ(parse(json), parse(small()));
}

TEST(TokenizerJson, ReadsAModelWithoutItsType) {
  Json json = small();
  json["model"].erase("type");
  EXPECT_EQ(parse(json), parse(small()));
}

TEST(TokenizerJson, ReadsASequenceOfOneNormalizer) {
  Json json = small();
  json["normalizer"] = Json::parse(R"({"type": "Sequence", "normalizers": [{"type": "NFC"}]})");
  EXPECT_TRUE(parse(json).normalize_nfc);
}

TEST(TokenizerJson, ReadsBosFromATemplate) {
  Json json = small();
  json["post_processor"] = Json::parse(R"json({"type": "Sequence", "processors": [
      {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
      {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}}}]})json");
  const TokenizerSpec spec = parse(json);
  EXPECT_TRUE(spec.add_bos);
  EXPECT_EQ(spec.bos, 4);
  EXPECT_EQ(parse(Json::parse(tokenizer_json(spec)), tokenizer_config_json(spec)), spec);
}

TEST(TokenizerJson, ReadsRolesFromTheConfig) {
  const Json config =
      Json::parse(R"({"bos_token": "<s>", "eos_token": {"content": "<s>", "lstrip": false},
                                      "pad_token": "a", "unk_token": null, "add_bos_token": true})");
  const TokenizerSpec spec = parse(small(), config);
  EXPECT_EQ(spec.bos, 4);
  EXPECT_THAT(spec.eos, ElementsAre(4));
  EXPECT_EQ(spec.pad, 0);
  EXPECT_EQ(spec.unk, std::nullopt);
  EXPECT_TRUE(spec.add_bos);
  EXPECT_EQ(refusal(small(), Json::parse(R"({"eos_token": "</s>"})")),
            "t.json: tokenizer_config.json: field eos_token: \"</s>\" is not in the vocabulary");
  EXPECT_THAT(refusal(small(), Json::parse(R"({"eos_token": 4})")), HasSubstr("field eos_token"));
  EXPECT_THAT(refusal(small(), Json::parse(R"({"add_prefix_space": true})")),
              HasSubstr("contradicts"));
}

TEST(TokenizerJson, TakesAddedTokensFromTheConfig) {
  const Json config = Json::parse(R"({"added_tokens_decoder": {
      "4": {"content": "<s>", "lstrip": true, "normalized": false, "special": true},
      "5": {"content": "</s>", "normalized": false, "special": true}}})");
  const TokenizerSpec spec = parse(small(), config);
  ASSERT_EQ(spec.added.size(), 2u);
  EXPECT_TRUE(spec.added[0].lstrip);
  EXPECT_EQ(spec.tokens[5], "</s>");
  EXPECT_THAT(refusal(small(), Json::parse(R"({"added_tokens_decoder": {"1": {"content": "x"}}})")),
              HasSubstr("added_tokens_decoder.1.content"));
  EXPECT_THAT(
      refusal(small(), Json::parse(R"({"added_tokens_decoder": {"-1": {"content": "x"}}})")),
      HasSubstr("added_tokens_decoder.-1"));
}

TEST(TokenizerJson, NamesTheFieldItDoesNotKnow) {
  const auto set = [](const std::string& pointer, const std::string& value) {
    return refusal_after(
        [&](Json& json) { json[Json::json_pointer(pointer)] = Json::parse(value); });
  };
  EXPECT_EQ(set("/model/type", R"("Unigram")"), "t.json: field model.type: expected \"BPE\"");
  EXPECT_THAT(set("/model/dropout", "0.1"), HasSubstr("field model.dropout"));
  EXPECT_THAT(set("/model/byte_fallback", "true"), HasSubstr("field model.byte_fallback"));
  EXPECT_THAT(set("/model/end_of_word_suffix", R"("</w>")"),
              HasSubstr("field model.end_of_word_suffix"));
  EXPECT_THAT(set("/model/unk_token", R"("<s>")"), HasSubstr("field model.unk_token"));
  EXPECT_THAT(set("/model/new_option", "1"), HasSubstr("field model.new_option"));
  EXPECT_THAT(set("/new_part", "1"), HasSubstr("field new_part"));
  EXPECT_THAT(set("/normalizer", R"({"type": "NFKC"})"), HasSubstr("field normalizer.type"));
  EXPECT_THAT(
      set("/normalizer",
          R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]})"),
      HasSubstr("field normalizer.normalizers[1].type"));
  EXPECT_THAT(set("/pre_tokenizer", R"({"type": "Whitespace"})"), HasSubstr("field pre_tokenizer"));
  EXPECT_THAT(set("/pre_tokenizer", "null"), HasSubstr("field pre_tokenizer"));
  EXPECT_THAT(set("/pre_tokenizer/use_regex", "false"), HasSubstr("field pre_tokenizer.use_regex"));
  EXPECT_THAT(set("/pre_tokenizer", R"({"type": "Sequence", "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Isolated", "invert": false},
                    {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]})"),
              HasSubstr("field pre_tokenizer.pretokenizers[0].pattern.Regex"));
  EXPECT_THAT(set("/post_processor", R"({"type": "RobertaProcessing"})"),
              HasSubstr("field post_processor.type"));
  EXPECT_THAT(set("/post_processor", R"({"type": "TemplateProcessing", "single": [
                    {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<s>"}}], "pair": [], "special_tokens": {}})"),
              HasSubstr("field post_processor.single"));
  EXPECT_THAT(set("/decoder", "null"), HasSubstr("field decoder"));
  EXPECT_THAT(set("/decoder", R"({"type": "Metaspace"})"), HasSubstr("field decoder"));
}

TEST(TokenizerJson, RefusesABadVocabulary) {
  const auto vocabulary = [](const std::string& value) {
    return refusal_after([&](Json& json) {
      json["added_tokens"] = Json::array();
      json["model"]["merges"] = Json::array();
      json["model"]["vocab"] = Json::parse(value);
    });
  };
  EXPECT_EQ(vocabulary(R"({"a": 0, "b": 1})"), "accepted");
  EXPECT_THAT(vocabulary(R"({"a": 0, "b": 2})"), HasSubstr("no token has id 1"));
  EXPECT_THAT(vocabulary(R"({"a": 0, "b": 0})"),
              HasSubstr("field model.vocab.b: id 0 is also \"a\""));
  EXPECT_THAT(vocabulary(R"({"a": -1})"), HasSubstr("field model.vocab.a"));
  EXPECT_THAT(vocabulary(R"({"a": 4294967296})"), HasSubstr("field model.vocab.a"));
  EXPECT_THAT(vocabulary(R"({"a": "0"})"), HasSubstr("field model.vocab.a"));
  EXPECT_THAT(vocabulary(R"({"": 0})"), HasSubstr("empty"));
  EXPECT_THAT(vocabulary(R"({})"), HasSubstr("vocabulary is empty"));
  EXPECT_THAT(vocabulary(R"([])"), HasSubstr("field model.vocab"));
}

TEST(TokenizerJson, RefusesBadMergesAndAddedTokens) {
  const auto merge = [](const std::string& value) {
    return refusal_after([&](Json& json) { json["model"]["merges"][1] = Json::parse(value); });
  };
  EXPECT_THAT(merge(R"("a")"), HasSubstr("field model.merges[1]"));
  EXPECT_THAT(merge(R"("a b c")"), HasSubstr("field model.merges[1]"));
  EXPECT_THAT(merge(R"(["a"])"), HasSubstr("field model.merges[1]"));
  EXPECT_THAT(merge(R"(["a", 1])"), HasSubstr("field model.merges[1]"));
  const auto added = [](const std::string& key, const Json& value) {
    return refusal_after([&](Json& json) { json["added_tokens"][0][key] = value; });
  };
  EXPECT_THAT(added("id", 0), HasSubstr("field added_tokens[0].content"));
  EXPECT_THAT(added("id", 6), HasSubstr("no token has id 4"));
  EXPECT_THAT(added("id", -1), HasSubstr("field added_tokens[0].id"));
  EXPECT_THAT(added("content", ""), HasSubstr("field added_tokens[0].content"));
  EXPECT_THAT(added("special", 1), HasSubstr("field added_tokens[0].special"));
}

TEST(TokenizerJson, NamesLineAndColumnOfBadJson) {
  EXPECT_THAT([] { parse_tokenizer_json("{\"model\":\n  nope}", nullptr, "t.json"); },
              testing::ThrowsMessage<Error>(HasSubstr("t.json: line 2")));
}

TEST(TokenizerJson, WritingAndReadingGivesTheSameSpec) {
  TokenizerSpec spec = tokenizer_512();
  for (const auto pre_tokenizer : {PreTokenizer::Gpt2, PreTokenizer::SmolLm, PreTokenizer::Digits,
                                   PreTokenizer::Qwen2, PreTokenizer::Llama3}) {
    spec.pre_tokenizer = pre_tokenizer;
    spec.normalize_nfc = pre_tokenizer == PreTokenizer::Qwen2;
    spec.ignore_merges = pre_tokenizer == PreTokenizer::Llama3;
    spec.add_prefix_space = pre_tokenizer == PreTokenizer::Gpt2;
    spec.unk = 0;
    EXPECT_EQ(parse(Json::parse(tokenizer_json(spec)), tokenizer_config_json(spec)), spec);
  }
  spec.added.push_back({.id = 512,
                        .content = " \"quoted\"\n",
                        .special = false,
                        .lstrip = true,
                        .normalized = true});
  spec.tokens.push_back(spec.added.back().content);
  spec.bos = 512;
  spec.add_bos = true;
  EXPECT_EQ(parse(Json::parse(tokenizer_json(spec)), tokenizer_config_json(spec)), spec);
}

}  // namespace
}  // namespace jet
