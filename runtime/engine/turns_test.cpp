// The cost of a turn, deep in a dialogue: tokens computed, pages held, and bytes moved as the cost
// model counts them. Nothing here is measured in time.
#include <gtest/gtest.h>

#include <jet/engine.h>

#include "io/test_files.h"
#include "runtime/testing/random_model.h"

namespace jet {
namespace {

constexpr int64_t kTurnTokens = 3;  // of a message; the answer is one token

struct Turn {
  int64_t tokens;  // computed
  double bytes;    // moved
  int64_t held;    // bytes of state
};

// A dialogue's turns, whose numbers are in `wanted`.
std::vector<Turn> talk(const Model& model, const std::vector<int>& wanted) {
  Engine engine(model, {.threads = 1, .max_sequences = 1, .snapshot_bytes = 0});
  const ConversationId dialogue = engine.open_conversation();
  std::vector<Turn> turns;
  for (int turn = 1; turn <= wanted.back(); ++turn) {
    const EngineStats before = engine.stats();
    engine.generate({.prompt = std::vector<int32_t>(kTurnTokens, turn % 16),
                     .max_tokens = 1,
                     .stop_at_end = false,
                     .conversation = dialogue});
    const EngineStats after = engine.stats();
    if (turn == wanted[turns.size()]) {
      turns.push_back(
          {after.tokens - before.tokens, after.bytes - before.bytes, engine.state_bytes_in_use()});
    }
  }
  return turns;
}

TEST(Turns, CostTheSameForEverWithoutFullAttention) {
  const testing_files::Directory directory;
  const Model model = testing::random_hybrid(directory.file(""), {"jet", "swa"});
  const std::vector<Turn> turns = talk(model, {10, 10'000});
  EXPECT_EQ(turns[1].tokens, turns[0].tokens);
  EXPECT_EQ(turns[1].tokens, kTurnTokens);
  EXPECT_EQ(turns[1].held, turns[0].held);
  EXPECT_LE(turns[1].bytes, 1.1 * turns[0].bytes);
  EXPECT_GE(turns[1].bytes, turns[0].bytes);
}

TEST(Turns, CostWhatTheCostModelSaysWithFullAttention) {
  const testing_files::Directory directory;
  const Model model = testing::random_hybrid(directory.file(""), {"jet", "attn", "swa"});
  const std::vector<Turn> turns = talk(model, {10, 1000, 2000});
  // Keys and values of one head of width 4, float32, of every token before.
  constexpr double kBytesEach = 2 * 4 * 4;
  for (const auto& [turn, before] : {std::pair<size_t, double>{1, 1000}, {2, 2000}}) {
    EXPECT_EQ(turns[turn].tokens, kTurnTokens);
    const double line = turns[0].bytes + (before - 10) * kTurnTokens * kBytesEach;
    EXPECT_NEAR(turns[turn].bytes / line, 1, 0.1);
  }
  // A page of 64 tokens of the one layer for each 64 tokens that were consumed.
  EXPECT_EQ(turns[2].held - turns[1].held, (6000 + 63) / 64 * 64 * 32 - (3000 + 63) / 64 * 64 * 32);
}

}  // namespace
}  // namespace jet
