// tokenizer.ggml.*: what is read, what is refused and how it is named, and that writing loses
// nothing.
#include "text/tokenizer_gguf.h"

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

GgufMetadata small() {
  GgufMetadata metadata;
  metadata.where = "m.gguf";
  metadata.set_string("tokenizer.ggml.model", "gpt2");
  metadata.set_string("tokenizer.ggml.pre", "gpt-2");
  metadata.set_strings("tokenizer.ggml.tokens", {"a", "b", "ab", "<s>", "<u>", "[PAD5]", "[PAD6]"});
  metadata.set_integers("tokenizer.ggml.token_type", {1, 1, 1, 3, 4, 5, 5});
  metadata.set_strings("tokenizer.ggml.merges", {"a b"});
  metadata.set_integer("tokenizer.ggml.eos_token_id", 3);
  return metadata;
}

std::string refusal_after(const std::function<void(GgufMetadata&)>& change) {
  GgufMetadata metadata = small();
  change(metadata);
  try {
    tokenizer_from_gguf(metadata);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TokenizerSpec written_and_read(const TokenizerSpec& spec, int64_t rows = 0) {
  GgufMetadata metadata;
  tokenizer_to_gguf(spec, metadata, rows);
  return tokenizer_from_gguf(metadata);
}

TEST(TokenizerGguf, ReadsASmallTokenizer) {
  const GgufMetadata metadata = small();
  EXPECT_TRUE(has_tokenizer(metadata));
  EXPECT_FALSE(has_tokenizer(GgufMetadata{}));
  const TokenizerSpec spec = tokenizer_from_gguf(metadata);
  EXPECT_THAT(spec.tokens, ElementsAre("a", "b", "ab", "<s>", "<u>"));  // without the padding
  ASSERT_EQ(spec.added.size(), 2u);
  EXPECT_TRUE(spec.added[0].special);
  EXPECT_FALSE(spec.added[1].special);
  EXPECT_THAT(spec.eos, ElementsAre(3));
  EXPECT_FALSE(spec.add_bos);
  EXPECT_THAT(Tokenizer(spec).encode("ab<u>a<s>"), ElementsAre(2, 4, 0, 3));
}

TEST(TokenizerGguf, ThePreTokenizersNameImpliesTheRest) {
  const auto read = [](const std::string& pre) {
    GgufMetadata metadata = small();
    metadata.set_string("tokenizer.ggml.pre", pre);
    return tokenizer_from_gguf(metadata);
  };
  EXPECT_TRUE(read("qwen2").normalize_nfc);
  EXPECT_EQ(read("smollm").pre_tokenizer, PreTokenizer::SmolLm);
  EXPECT_TRUE(read("llama-bpe").ignore_merges);
  EXPECT_TRUE(read("llama-bpe").add_bos);
  EXPECT_EQ(read("llama3"), read("llama-bpe"));
}

TEST(TokenizerGguf, EndOfTextTurnAndMessageAllStop) {
  GgufMetadata metadata = small();
  metadata.set_integer("tokenizer.ggml.eot_token_id", 4);
  metadata.set_integer("tokenizer.ggml.eom_token_id", 3);
  EXPECT_THAT(tokenizer_from_gguf(metadata).eos, ElementsAre(3, 4));
}

TEST(TokenizerGguf, NamesTheKeyAtFault) {
  using Metadata = GgufMetadata;
  EXPECT_EQ(refusal_after([](Metadata&) {}), "accepted");
  EXPECT_EQ(refusal_after([](Metadata& m) { m.set_string("tokenizer.ggml.model", "llama"); }),
            "m.gguf: key tokenizer.ggml.model: \"llama\", expected \"gpt2\" (byte-level BPE)");
  EXPECT_THAT(refusal_after([](Metadata& m) { m.set_string("tokenizer.ggml.pre", "default"); }),
              HasSubstr("tokenizer.ggml.pre: \"default\""));
  EXPECT_THAT(refusal_after([](Metadata& m) {
                m.set_integers("tokenizer.ggml.token_type", {1, 1});
              }),
              HasSubstr("tokenizer.ggml.token_type has 2 elements"));
  EXPECT_THAT(refusal_after([](Metadata& m) {
                m.set_integers("tokenizer.ggml.token_type", {1, 1, 6, 3, 4, 5, 5});
              }),
              HasSubstr("token 2 has type 6"));
  EXPECT_THAT(refusal_after([](Metadata& m) { m.set_strings("tokenizer.ggml.merges", {"ab"}); }),
              HasSubstr("tokenizer.ggml.merges: element 0 is \"ab\""));
  EXPECT_THAT(refusal_after([](Metadata& m) { m.set_strings("tokenizer.ggml.merges", {"a b c"}); }),
              HasSubstr("element 0"));
  EXPECT_THAT(refusal_after([](Metadata& m) { m.set_integer("tokenizer.ggml.eos_token_id", 5); }),
              HasSubstr("tokenizer.ggml.eos_token_id"));
  EXPECT_THAT(refusal_after([](Metadata& m) {
                m.set_strings("tokenizer.ggml.tokens", {"a", "b", "\xFF", "<s>", "<u>", "", ""});
              }),
              HasSubstr("token 2 (\"\\xff\") is not UTF-8"));
  EXPECT_THAT(
      refusal_after([](Metadata& m) { m.set_integers("tokenizer.jet.added_token_flags", {0}); }),
      HasSubstr("tokenizer.jet.added_token_flags has 1"));
  EXPECT_THAT(refusal_after([](Metadata& m) {
                m.set_integers("tokenizer.jet.added_token_flags", {0, 16});
              }),
              HasSubstr("element 1 is 16"));
  EXPECT_THAT(
      refusal_after([](Metadata& m) { m.set_integers("tokenizer.jet.eos_token_ids", {-1}); }),
      HasSubstr("tokenizer.jet.eos_token_ids"));
  EXPECT_THAT(
      refusal_after([](Metadata& m) { m.set_string("tokenizer.jet.pre_tokenizer", "digits"); }),
      HasSubstr("tokenizer.jet.pre_tokenizer"));
  const GgufMetadata whole = small();
  for (const char* key : {"tokens", "token_type", "merges", "pre"}) {
    GgufMetadata partial;
    partial.where = "m.gguf";
    for (const auto& [name, value] : whole.entries()) {
      if (name != std::string("tokenizer.ggml.") + key) partial.set(name, value);
    }
    EXPECT_THAT([&] { tokenizer_from_gguf(partial); },
                testing::ThrowsMessage<Error>(HasSubstr(key)));
  }
}

TEST(TokenizerGguf, WritingAndReadingGivesTheSameSpec) {
  TokenizerSpec spec = tokenizer_512();
  for (const auto pre_tokenizer : {PreTokenizer::Gpt2, PreTokenizer::SmolLm, PreTokenizer::Digits,
                                   PreTokenizer::Qwen2, PreTokenizer::Llama3}) {
    for (const bool option : {false, true}) {
      spec.pre_tokenizer = pre_tokenizer;
      spec.normalize_nfc = option;
      spec.ignore_merges = option;
      spec.add_bos = option;
      spec.add_prefix_space = option && pre_tokenizer == PreTokenizer::Gpt2;
      EXPECT_EQ(written_and_read(spec), spec);
    }
  }
  spec.bos = 1;
  spec.unk = 0;
  spec.eos = {1, 0, 7, 9};
  EXPECT_EQ(written_and_read(spec), spec);
  spec.added[1].lstrip = spec.added[1].single_word = true;
  spec.added[2].rstrip = spec.added[2].normalized = true;
  spec.added.push_back({.id = 512, .content = "<u>", .special = false});
  spec.tokens.emplace_back("<u>");
  EXPECT_EQ(written_and_read(spec), spec);
  EXPECT_EQ(written_and_read(spec, 600), spec);
}

TEST(TokenizerGguf, PadsUpToTheRowsOfTheEmbedding) {
  GgufMetadata metadata;
  tokenizer_to_gguf(tokenizer_512(), metadata, 514);
  const auto* tokens = metadata.strings("tokenizer.ggml.tokens");
  ASSERT_EQ(tokens->size(), 514u);
  EXPECT_EQ(tokens->back(), "[PAD513]");
  EXPECT_EQ(metadata.integers("tokenizer.ggml.token_type")->back(), 5);
  EXPECT_FALSE(metadata.has("tokenizer.jet.added_token_flags"));
  EXPECT_FALSE(metadata.has("tokenizer.jet.normalize_nfc"));
}

TEST(TokenizerGguf, BothSpellingsGiveTheSameIds) {
  const TokenizerSpec spec = tokenizer_512();
  const TokenizerSpec through_both =
      parse_tokenizer_json(tokenizer_json(written_and_read(spec)),
                           tokenizer_config_json(written_and_read(spec)), "t.json");
  EXPECT_EQ(through_both, spec);
  const Tokenizer one(spec);
  const Tokenizer other(through_both);
  for (const Json& text : testing_text::test_data("tokenizer_texts.json")) {
    EXPECT_EQ(one.encode(text.get<std::string>()), other.encode(text.get<std::string>())) << text;
  }
}

}  // namespace
}  // namespace jet
