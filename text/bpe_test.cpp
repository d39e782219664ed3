// The merge loop against the definition: look through all neighbours, merge the best, again.
#include "text/bpe.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "jet/error.h"

namespace jet {
namespace {

using Merges = std::vector<std::pair<std::string, std::string>>;

struct Vocabulary {
  std::vector<std::string> tokens;
  Merges merges;
};

// The letters a to d and, where they are new, all that `merges` make.
Vocabulary vocabulary(Merges merges) {
  Vocabulary made{{"a", "b", "c", "d"}, std::move(merges)};
  for (const auto& [left, right] : made.merges) {
    if (std::ranges::find(made.tokens, left + right) == made.tokens.end())
      made.tokens.push_back(left + right);
  }
  return made;
}

std::vector<std::string> by_definition(const std::string& word, const Merges& merges) {
  std::vector<std::string> parts;
  for (const char c : word) parts.emplace_back(1, c);
  while (true) {
    size_t best_rank = merges.size();
    size_t best_at = 0;
    for (size_t at = 0; at + 1 < parts.size(); ++at) {
      for (size_t rank = 0; rank < best_rank; ++rank) {
        if (merges[rank] == std::pair(parts[at], parts[at + 1])) best_rank = rank, best_at = at;
      }
    }
    if (best_rank == merges.size()) return parts;
    parts[best_at] += parts[best_at + 1];
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(best_at) + 1);
  }
}

std::vector<std::string> encode(const std::string& word, const Vocabulary& vocabulary) {
  const TokenIndex index(vocabulary.tokens);
  Bpe::Scratch scratch;
  std::vector<int32_t> ids;
  Bpe(vocabulary.merges, index).encode(word, scratch, ids);
  std::vector<std::string> parts;
  for (const int32_t id : ids) parts.push_back(vocabulary.tokens[static_cast<size_t>(id)]);
  return parts;
}

TEST(Bpe, MergesTheLeftmostOfEquals) {
  const Vocabulary pairs = vocabulary({{"a", "a"}});
  EXPECT_EQ(encode("aaa", pairs), (std::vector<std::string>{"aa", "a"}));
}

TEST(Bpe, FollowsTheDefinitionOnRandomVocabularies) {
  Random random(7);
  for (int round = 0; round < 60; ++round) {
    Merges merges;
    std::vector<std::string> parts{"a", "b", "c", "d"};
    while (merges.size() < 20) {
      std::pair merge(parts[random.bits() % parts.size()], parts[random.bits() % parts.size()]);
      if (merge.first.size() + merge.second.size() > 8 ||
          std::ranges::find(merges, merge) != merges.end())
        continue;
      parts.push_back(merge.first + merge.second);
      merges.push_back(std::move(merge));
    }
    const Vocabulary made = vocabulary(merges);
    for (int repeat = 0; repeat < 20; ++repeat) {
      std::string word;
      for (size_t length = random.bits() % 40; word.size() < length;)
        word += static_cast<char>('a' + random.bits() % 4);
      EXPECT_EQ(encode(word, made), by_definition(word, merges)) << word;
    }
  }
}

// Quadratic work would take minutes.
TEST(Bpe, AWordOfAMillionLetters) {
  const Vocabulary made = vocabulary({{"a", "a"}, {"aa", "aa"}, {"aaaa", "aaaa"}});
  const std::vector<std::string> parts = encode(std::string(1000003, 'a'), made);
  ASSERT_EQ(parts.size(), 125002u);
  EXPECT_EQ(parts[0], "aaaaaaaa");
  EXPECT_EQ(parts[125000], "aa");
  EXPECT_EQ(parts[125001], "a");
}

TEST(Bpe, LeavesOutBytesWithoutAToken) {
  const Vocabulary made = vocabulary({{"a", "b"}});
  EXPECT_EQ(encode("axb", made), (std::vector<std::string>{"ab"}));
  EXPECT_EQ(encode("x", made), std::vector<std::string>{});
}

TEST(MergeTable, RefusesWhatTheVocabularyDoesNotHave) {
  const std::vector<std::string> tokens{"a", "b", "ab"};
  const TokenIndex index(tokens);
  const auto message = [&](const Merges& merges) -> std::string {
    try {
      MergeTable(merges, index);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({{"a", "b"}}), "");
  EXPECT_THAT(message({{"a", "b"}, {"a", "c"}}), testing::HasSubstr("merge 1"));
  EXPECT_THAT(message({{"b", "a"}}), testing::HasSubstr("\"ba\""));
  EXPECT_THAT(message({{"a", "b"}, {"a", "b"}}), testing::HasSubstr("merges 0 and 1"));
}

TEST(TokenIndex, RefusesATokenTwice) {
  const std::vector<std::string> tokens{"a", "b", "a"};
  EXPECT_THAT([&] { TokenIndex index(tokens); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("ids 0 and 2")));
}

}  // namespace
}  // namespace jet
