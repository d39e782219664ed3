// Reuse of snapshots: the bits of a cold start, and what was not computed again is counted.
#include <gtest/gtest.h>

#include "runtime/testing/engine_test.h"

namespace jet {
namespace {

using testing::greedy_request;
using testing::random_prompt;
using testing::watched;

class Reuse : public ::testing::TestWithParam<const char*> {
 protected:
  EngineOptions options(int64_t snapshot_bytes) const {
    return {.threads = 1,
            .context_length = 256,
            .max_sequences = 2,
            .snapshot_bytes = snapshot_bytes,
            .prefill_chunk = 64};
  }

  Model model = testing::tiny_model(GetParam());
};

// Whatever an earlier prompt had in common, and however far past or short of a cut it ended: from
// any snapshot on the reference path, from exact ones on the fastest.
TEST_P(Reuse, GivesTheLogitsOfAColdStartAtEveryOffsetAroundACut) {
  Random random(1);
  const Model fastest = testing::tiny_model(GetParam(), ComputeType::Auto);
  for (const int64_t cut : {64, 128}) {
    const std::vector<int32_t> text = random_prompt(random, cut + 14, model.vocabulary());
    for (const bool exact : {false, true}) {
      const Model& used = exact ? fastest : model;
      std::vector<float> cold;
      Engine(used, options(0)).generate(watched(greedy_request(text, 2), cold));
      for (int64_t length = cut - 12; length <= cut + 12; ++length) {
        EngineOptions reusing = options(10 << 20);
        reusing.exact_reuse = exact;
        Engine engine(used, reusing);
        engine.generate(greedy_request({text.begin(), text.begin() + length}, 1));
        std::vector<float> warm;
        const Output output = engine.generate(watched(greedy_request(text, 2), warm));
        EXPECT_EQ(output.cached_tokens, exact ? length / 64 * 64 : length);
        ASSERT_EQ(warm, cold) << length;
      }
    }
  }
}

TEST_P(Reuse, GoesOnFromAnAnswerAsFromAConversation) {
  Random random(2);
  Engine engine(model, options(10 << 20));
  std::vector<int32_t> text = random_prompt(random, 70, model.vocabulary());
  std::vector<float> warm;
  std::vector<float> cold;
  for (int turn = 0; turn < 3; ++turn) {
    const int64_t before = engine.stats().tokens;
    warm.clear();
    const Output output = engine.generate(watched(greedy_request(text, 6), warm));
    // All but the new tokens, the answer's last one and the one that the prompt ends with.
    const int64_t kept = turn == 0 ? 0 : static_cast<int64_t>(text.size()) - 6;
    EXPECT_EQ(output.cached_tokens, kept);
    EXPECT_EQ(engine.stats().tokens - before, static_cast<int64_t>(text.size()) - kept + 5);
    cold.clear();
    Engine(model, options(0)).generate(watched(greedy_request(text, 6), cold));
    ASSERT_EQ(warm, cold);
    text.insert(text.end(), output.ids.begin(), output.ids.end());
    const auto next = random_prompt(random, 5, model.vocabulary());
    text.insert(text.end(), next.begin(), next.end());
  }
}

// The same prompt again: all but what follows its last multiple of 64 is there.
TEST_P(Reuse, ARepeatedPromptComputesItsEndAlone) {
  Random random(3);
  Engine engine(model, options(10 << 20));
  const Request request = greedy_request(random_prompt(random, 128, model.vocabulary()), 1);
  EXPECT_EQ(engine.generate(request).cached_tokens, 0);
  EXPECT_EQ(engine.generate(request).cached_tokens, 64);
  engine.drop_snapshots();
  EXPECT_EQ(engine.generate(request).cached_tokens, 0);
}

TEST_P(Reuse, AnotherTextFindsNothing) {
  Random random(4);
  Engine engine(model, options(10 << 20));
  engine.generate(greedy_request(random_prompt(random, 100, model.vocabulary()), 2));
  const Request other = greedy_request(random_prompt(random, 100, model.vocabulary()), 2);
  EXPECT_EQ(engine.generate(other).cached_tokens, 0);
}

TEST_P(Reuse, FindsNothingOfAnotherSalt) {
  Random random(5);
  Engine engine(model, options(10 << 20));
  Request request = greedy_request(random_prompt(random, 128, model.vocabulary()), 1);
  request.cache_salt = "ours";
  engine.generate(request);
  EXPECT_EQ(engine.generate(request).cached_tokens, 64);
  request.cache_salt = "theirs";
  EXPECT_EQ(engine.generate(request).cached_tokens, 0);
  request.cache_salt = "";
  EXPECT_EQ(engine.generate(request).cached_tokens, 0);
  request.cache_salt = "ours";
  EXPECT_EQ(engine.generate(request).cached_tokens, 64);
}

TEST_P(Reuse, KeepsNoMoreBytesThanItMay) {
  Random random(5);
  const int64_t limit = int64_t{300} << 10;
  Engine engine(model, options(limit));
  for (int i = 0; i < 20; ++i) {
    engine.generate(greedy_request(random_prompt(random, 100, model.vocabulary()), 2));
    EXPECT_LE(engine.stats().snapshot_bytes, limit);
  }
  EXPECT_GT(engine.stats().snapshots, 0);
  Engine none(model, options(0));
  none.generate(greedy_request(random_prompt(random, 100, model.vocabulary()), 2));
  EXPECT_EQ(none.stats().snapshots, 0);
}

// A budget for one sequence and one snapshot of 100 tokens: two requests run in turn, and the
// snapshots of the first give way to the second.
TEST_P(Reuse, SnapshotsGiveWayToRequests) {
  Random random(6);
  Engine ample(model, options(10 << 20));
  const Request first = greedy_request(random_prompt(random, 100, model.vocabulary()), 40);
  const Request second = greedy_request(random_prompt(random, 100, model.vocabulary()), 80);
  const auto expected_first = ample.generate(first).ids;
  const auto expected_second = ample.generate(second).ids;

  ample.drop_snapshots();
  const ConversationId dialogue = ample.open_conversation();
  Request filler = first;
  filler.max_tokens = 80;
  filler.conversation = dialogue;
  ample.submit(filler);
  ample.step();
  const int64_t one = ample.state_bytes_in_use();  // 180 tokens: three pages

  EngineOptions tight = options(one);
  tight.state_bytes = one;
  Engine engine(model, tight);
  const RequestId a = engine.submit(first);
  const RequestId b = engine.submit(second);
  while (engine.step()) {
    EXPECT_LE(engine.state_bytes_in_use() + engine.stats().snapshot_bytes, 2 * one);
    EXPECT_LE(engine.state_bytes_in_use(), one);
  }
  EXPECT_EQ(engine.take(a).ids, expected_first);
  EXPECT_EQ(engine.take(b).ids, expected_second);
  EXPECT_THROW(engine.submit(greedy_request(first.prompt, 140)), Error);  // can never fit
}

INSTANTIATE_TEST_SUITE_P(Models, Reuse, ::testing::Values("tiny-tied", "tiny-untied"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

}  // namespace
}  // namespace jet
