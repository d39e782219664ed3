// Ids against Hugging Face's tokenizers (tools/make_tokenizer_vectors.py), and the rules of encode
// and decode.
#include "text/tokenizer.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include "io/gguf.h"
#include "jet/error.h"
#include "text/test_tokenizers.h"
#include "text/tokenizer_gguf.h"

namespace jet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using testing_text::test_data;
using testing_text::tokenizer_512;
using Ids = std::vector<int32_t>;

void expect_reference_ids(const Tokenizer& tokenizer, const Json& rows) {
  const Json texts = test_data("tokenizer_texts.json");
  ASSERT_EQ(texts.size(), rows.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto text = texts[i].get<std::string>();
    const auto ids = rows[i][0].get<Ids>();
    EXPECT_EQ(tokenizer.encode(text), ids) << texts[i];
    EXPECT_EQ(tokenizer.encode(text, {.special = false}), rows[i].back().get<Ids>()) << texts[i];
  }
}

void expect_round_trip(const Tokenizer& tokenizer) {
  for (const Json& row : test_data("tokenizer_texts.json")) {
    const auto text = row.get<std::string>();
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << row;
  }
}

TokenizerSpec without_normalization(PreTokenizer pre_tokenizer) {
  TokenizerSpec spec = tokenizer_512();
  spec.pre_tokenizer = pre_tokenizer;
  spec.normalize_nfc = false;
  return spec;
}

// The tokens that the script's variant "added_tokens" has.
TokenizerSpec with_added_tokens() {
  TokenizerSpec spec = tokenizer_512();
  const auto add = [&spec](AddedToken token) {
    token.id = static_cast<int32_t>(spec.tokens.size());
    spec.tokens.push_back(token.content);
    spec.added.push_back(std::move(token));
  };
  add({.content = "<L>", .special = false, .lstrip = true});
  add({.content = "<R>", .special = true, .rstrip = true});
  add({.content = "<LR>", .special = false, .lstrip = true, .rstrip = true});
  add({.content = "←word", .special = false, .single_word = true});
  add({.content = "←words", .special = false});
  add({.content = "→é", .special = false, .normalized = true});
  add({.content = "→e\u0301\u0316x", .special = false, .normalized = true});
  add({.content = "<L><", .special = true});
  return spec;
}

TEST(Tokenizer, EveryPreTokenizerGivesTheReferenceIds) {
  const Json ids = test_data("tokenizer_512.json");
  expect_reference_ids(Tokenizer(tokenizer_512()), ids["qwen2"]);
  expect_reference_ids(Tokenizer(without_normalization(PreTokenizer::Gpt2)), ids["gpt2"]);
  expect_reference_ids(Tokenizer(without_normalization(PreTokenizer::SmolLm)), ids["smollm"]);
  expect_reference_ids(Tokenizer(without_normalization(PreTokenizer::Digits)), ids["digits"]);
  TokenizerSpec prefixed = without_normalization(PreTokenizer::Gpt2);
  prefixed.add_prefix_space = true;
  expect_reference_ids(Tokenizer(prefixed), ids["gpt2_prefix_space"]);
  TokenizerSpec llama3 = without_normalization(PreTokenizer::Llama3);
  llama3.ignore_merges = true;
  expect_reference_ids(Tokenizer(llama3), ids["llama3"]);
}

TEST(Tokenizer, AddedTokensGiveTheReferenceIds) {
  expect_reference_ids(Tokenizer(with_added_tokens()),
                       test_data("tokenizer_512.json")["added_tokens"]);
}

TEST(Tokenizer, TextComesBackByteForByte) {
  for (const auto pre_tokenizer : {PreTokenizer::Gpt2, PreTokenizer::SmolLm, PreTokenizer::Digits,
                                   PreTokenizer::Qwen2, PreTokenizer::Llama3}) {
    expect_round_trip(Tokenizer(without_normalization(pre_tokenizer)));
  }
}

TEST(Tokenizer, Qwen2GivesTheReferenceIds) {
  const std::string path = JET_SOURCE_DIR "/../shared/tokenizer/qwen2/tokenizer.json.gz";
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) GTEST_SKIP() << "Qwen2's tokenizer is not at hand: " << path;
  std::string text(size_t{64} << 20, '\0');
  text.resize(static_cast<size_t>(gzread(file, text.data(), static_cast<unsigned>(text.size()))));
  gzclose(file);
  const TokenizerSpec spec = parse_tokenizer_json(text, nullptr, path);
  EXPECT_EQ(spec.pre_tokenizer, PreTokenizer::Qwen2);
  EXPECT_TRUE(spec.normalize_nfc);
  const Tokenizer tokenizer(spec);
  EXPECT_EQ(tokenizer.vocabulary(), 151665);
  expect_reference_ids(tokenizer, test_data("tokenizer_qwen2.json")["qwen2"]);
}

TEST(Tokenizer, SmolLm2FromGgufGivesTheReferenceIds) {
  const std::filesystem::path path = JET_SOURCE_DIR "/models-cache/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "the model is not at hand (make model): " << path;
  const TokenizerSpec spec = tokenizer_from_gguf(read_gguf(path).metadata);
  EXPECT_EQ(spec.pre_tokenizer, PreTokenizer::SmolLm);
  EXPECT_THAT(spec.eos, ElementsAre(2));
  const Tokenizer tokenizer(spec);
  expect_reference_ids(tokenizer, test_data("tokenizer_smollm2.json")["smollm2"]);
  const std::filesystem::path fixture = JET_SOURCE_DIR "/tests/data/smollm2/tokenizer.json";
  for (const Json& row : testing_text::read_json(fixture)) {
    EXPECT_EQ(tokenizer.encode(row["text"].get<std::string>()), row["ids"].get<Ids>())
        << row["text"];
  }
}

TEST(Tokenizer, LongInputsOfOneKind) {
  const Tokenizer tokenizer(tokenizer_512());
  constexpr size_t kLength = 200000;  // quadratic work would take minutes
  for (const std::string unit :
       {" ", "a", "\n", " \n", "\r\n", "1", "!", "<|", "<|im_end|>", "e\u0301", "\u0301", "'s"}) {
    std::string text;
    while (text.size() < kLength) text += unit;
    text += 'x';
    const std::string decoded = tokenizer.decode(tokenizer.encode(text));
    if (unit != "e\u0301") {
      EXPECT_TRUE(decoded == text) << unit;
    }
  }
}

TEST(Tokenizer, NamesTheByteThatIsNotUtf8) {
  const Tokenizer tokenizer(tokenizer_512());
  EXPECT_THAT([&] { tokenizer.encode("caf\xE9 au lait"); },
              ThrowsMessage<Error>(HasSubstr("not UTF-8 at byte 3")));
  EXPECT_THAT([&] { tokenizer.encode("caf\xC3"); }, ThrowsMessage<Error>(HasSubstr("byte 3")));
}

TEST(Tokenizer, SpecialTokensAreTextWhenNotAskedFor) {
  const Tokenizer tokenizer(tokenizer_512());
  EXPECT_THAT(tokenizer.encode("<|im_end|>"), ElementsAre(1));
  const Ids plain = tokenizer.encode("<|im_end|>", {.special = false});
  EXPECT_GT(plain.size(), 1u);
  for (const int32_t id : plain) EXPECT_FALSE(tokenizer.is_special(id));
  EXPECT_EQ(tokenizer.decode(plain), "<|im_end|>");
}

TEST(Tokenizer, DecodeSkipsSpecialTokensAndIdsBeyondTheVocabulary) {
  const Tokenizer tokenizer(tokenizer_512());
  Ids ids = tokenizer.encode("<|im_start|>hi<|im_end|>");
  EXPECT_EQ(tokenizer.decode(ids), "<|im_start|>hi<|im_end|>");
  EXPECT_EQ(tokenizer.decode(ids, true), "hi");
  ids.push_back(tokenizer.vocabulary());
  EXPECT_EQ(tokenizer.decode(ids, true), "hi");
  ids.push_back(-1);
  EXPECT_THAT([&] { tokenizer.decode(ids); },
              ThrowsMessage<Error>(HasSubstr("token -1 is negative")));
}

TEST(Tokenizer, PartsOfACharacterAreReplaced) {
  const Tokenizer tokenizer(tokenizer_512());
  const Ids ids = tokenizer.encode("🙂");
  ASSERT_EQ(ids.size(), 4u);
  EXPECT_EQ(tokenizer.bytes(ids[0]), "\xF0");
  EXPECT_EQ(tokenizer.decode(Ids(ids.begin(), ids.end() - 1)), "\uFFFD");
  EXPECT_EQ(tokenizer.decode(Ids(ids.begin() + 2, ids.end())), "\uFFFD\uFFFD");
}

TEST(Tokenizer, TellsAboutItsTokens) {
  const Tokenizer tokenizer(tokenizer_512());
  EXPECT_EQ(tokenizer.vocabulary(), 512);
  EXPECT_EQ(tokenizer.id_of("<|im_end|>"), 1);
  EXPECT_EQ(tokenizer.bytes(tokenizer.id_of("Ġthe").value()), " the");
  EXPECT_EQ(tokenizer.id_of(" the"), std::nullopt);
  EXPECT_EQ(tokenizer.id_of(""), std::nullopt);
  EXPECT_TRUE(tokenizer.is_special(0));
  EXPECT_FALSE(tokenizer.is_special(3));
  EXPECT_FALSE(tokenizer.is_special(-1));
  EXPECT_FALSE(tokenizer.is_special(512));
  EXPECT_TRUE(tokenizer.is_eos(1));
  EXPECT_FALSE(tokenizer.is_eos(0));
  EXPECT_THAT([&] { tokenizer.bytes(512); }, ThrowsMessage<Error>(HasSubstr("token 512")));
  EXPECT_THAT([&] { tokenizer.bytes(-1); }, ThrowsMessage<Error>(HasSubstr("token -1")));
}

TEST(Tokenizer, RefusesASpecThatContradictsItself) {
  const auto expect_refused = [](TokenizerSpec spec, const std::string& part) {
    EXPECT_THAT([&] { Tokenizer tokenizer(spec); }, ThrowsMessage<Error>(HasSubstr(part)));
  };
  expect_refused({}, "vocabulary is empty");
  TokenizerSpec spec = tokenizer_512();
  spec.eos = {512};
  expect_refused(spec, "eos is token 512");
  spec = tokenizer_512();
  spec.added[0].content = "other";
  expect_refused(spec, "\"other\"");
  spec = tokenizer_512();
  spec.added.push_back(spec.added[0]);
  expect_refused(spec, "added twice");
  spec = tokenizer_512();
  spec.tokens[300].clear();
  expect_refused(spec, "token 300 is empty");
  spec = tokenizer_512();
  spec.add_prefix_space = true;
  expect_refused(spec, "add_prefix_space");
}

TEST(Tokenizer, IgnoringMergesAWholeWordIsItsToken) {
  TokenizerSpec spec;
  spec.tokens = {"a", "b", "c", "abc"};
  EXPECT_THAT(Tokenizer(spec).encode("abc"), ElementsAre(0, 1, 2));
  spec.ignore_merges = true;
  EXPECT_THAT(Tokenizer(spec).encode("abc"), ElementsAre(3));
  EXPECT_THAT(Tokenizer(spec).encode("abca"), ElementsAre(0, 1, 2, 0));
  spec.added = {{.id = 3, .content = "abc"}};
  EXPECT_THAT(Tokenizer(spec).encode("abc", {.special = false}), ElementsAre(0, 1, 2));
}

TEST(Tokenizer, ServesSeveralThreads) {
  const Tokenizer tokenizer(tokenizer_512());
  const std::string text = "One tokenizer, several threads: <|im_end|> e\u0301 12345\n";
  const Ids expected = tokenizer.encode(text);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) count += tokenizer.encode(text) == expected ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

}  // namespace
}  // namespace jet
