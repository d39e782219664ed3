// The engine: several requests at once give what each gives alone; limits, stops, cancellation,
// conversations.
#include "runtime/testing/engine_test.h"

#include <gtest/gtest.h>

#include "runtime/testing/fixture.h"

namespace jet {
namespace {

using testing::Fixture;
using testing::greedy_request;
using testing::random_prompt;

class TinyEngine : public ::testing::TestWithParam<const char*> {
 protected:
  Model model = testing::tiny_model(GetParam());
};

TEST_P(TinyEngine, GivesTheGreedyTokensOfTheFixture) {
  const Fixture fixture(GetParam());
  Engine engine(model);
  for (int64_t b = 0; b < fixture.sequences(); ++b) {
    const auto expected = fixture.ids("greedy_tokens", b);
    const auto output = engine.generate(
        greedy_request(fixture.ids("prompt", b), static_cast<int64_t>(expected.size())));
    EXPECT_EQ(output.ids, expected);
    EXPECT_EQ(output.finish, FinishReason::Length);
  }
}

// Requests of many lengths that join and leave at different steps, sampled and greedy: each as if
// it were alone.
TEST_P(TinyEngine, GivesEveryRequestOfARaggedBatchWhatItGivesAlone) {
  Random random(7);
  std::vector<Request> requests;
  for (int i = 0; i < 12; ++i) {
    Request request = greedy_request(
        random_prompt(random, 1 + random.bits() % 90, model.vocabulary()), 1 + random.bits() % 20);
    if (i % 2 == 1)
      request.sampling = {
          .temperature = 0.9, .top_k = 40, .top_p = 0.95, .seed = static_cast<uint64_t>(i)};
    requests.push_back(request);
  }
  std::vector<std::vector<int32_t>> alone;
  Engine single(model, {.threads = 1, .max_sequences = 1, .prefill_chunk = 64});
  for (const Request& request : requests) alone.push_back(single.generate(request).ids);

  Engine engine(model, {.threads = 2, .max_sequences = 5, .prefill_chunk = 64, .step_tokens = 100});
  std::vector<RequestId> ids;
  for (const Request& request : requests) {
    ids.push_back(engine.submit(request));
    engine.step();
  }
  while (engine.step()) {
  }
  for (size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(engine.take(ids[i]).ids, alone[i]) << "request " << i;
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

TEST_P(TinyEngine, AConversationConsumesOnlyWhatIsNewAndEqualsOnePrompt) {
  Random random(11);
  const auto first = random_prompt(random, 20, model.vocabulary());
  const auto second = random_prompt(random, 7, model.vocabulary());
  Engine engine(model);
  const ConversationId dialogue = engine.open_conversation();
  Request request = greedy_request(first, 5);
  request.conversation = dialogue;
  const Output answer = engine.generate(request);
  EXPECT_EQ(answer.cached_tokens, 0);
  EXPECT_EQ(engine.conversation_tokens(dialogue), 24);  // the last chosen token is not consumed

  request.prompt = second;
  request.prompt.insert(request.prompt.begin(), answer.ids.back());
  const Output next = engine.generate(request);
  EXPECT_EQ(next.cached_tokens, 24);

  std::vector<int32_t> whole = first;
  whole.insert(whole.end(), answer.ids.begin(), answer.ids.end());
  whole.insert(whole.end(), second.begin(), second.end());
  EXPECT_EQ(engine.generate(greedy_request(whole, 5)).ids, next.ids);
  engine.close_conversation(dialogue);
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

TEST_P(TinyEngine, ACancelledRequestLeavesTheOthersAlone) {
  Random random(3);
  const Request request = greedy_request(random_prompt(random, 30, model.vocabulary()), 10);
  Engine engine(model);
  const auto expected = engine.generate(request).ids;
  const RequestId kept = engine.submit(request);
  const RequestId gone = engine.submit(request);
  engine.step();
  engine.step();
  engine.cancel(gone);
  while (engine.step()) {
  }
  EXPECT_EQ(engine.take(kept).ids, expected);
  const Output cancelled = engine.take(gone);
  EXPECT_EQ(cancelled.finish, FinishReason::Cancelled);
  EXPECT_LT(cancelled.ids.size(), expected.size());
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

TEST_P(TinyEngine, EndsWithLengthWhenTheContextIsFull) {
  Random random(5);
  Engine engine(model, {.context_length = 40});
  const Output output =
      engine.generate(greedy_request(random_prompt(random, 30, model.vocabulary()), 100));
  EXPECT_EQ(output.finish, FinishReason::Length);
  EXPECT_EQ(output.ids.size(), 11u);  // 40 tokens are consumed, the last chosen one is not
}

TEST_P(TinyEngine, RefusesWhatCanNeverRun) {
  Engine engine(model, {.context_length = 40});
  EXPECT_THROW(engine.submit(greedy_request({}, 1)), Error);
  EXPECT_THROW(engine.submit(greedy_request({-1}, 1)), Error);
  EXPECT_THROW(engine.submit(greedy_request({static_cast<int32_t>(model.vocabulary())}, 1)), Error);
  EXPECT_THROW(engine.submit(greedy_request(std::vector<int32_t>(41, 1), 1)), Error);
  EXPECT_THROW(engine.submit({.prompt = {1}, .sampling = {.temperature = -1}}), Error);
  EXPECT_THROW(engine.submit({.prompt = {1}, .stop = {"x"}}), Error);  // no tokenizer
  EXPECT_THROW(engine.take(99), Error);
  EXPECT_FALSE(engine.step());
}

TEST_P(TinyEngine, StopsAtAnEndToken) {
  const Fixture fixture(GetParam());
  Engine engine(model);
  Random random(1);
  // A prompt whose greedy answer holds the end token, looked for among random ones.
  for (int attempt = 0; attempt < 200; ++attempt) {
    Request request = greedy_request(random_prompt(random, 5, model.vocabulary()), 12);
    const auto free = engine.generate(request).ids;
    const auto end = std::ranges::find_if(free, [&](int32_t id) { return model.is_end(id); });
    if (end == free.end()) continue;
    request.stop_at_end = true;
    const Output output = engine.generate(request);
    EXPECT_EQ(output.finish, FinishReason::Stop);
    EXPECT_EQ(output.ids, std::vector<int32_t>(free.begin(), end + 1));
    return;
  }
  GTEST_SKIP() << "no prompt of 200 led to an end token";
}

TEST_P(TinyEngine, ARequestMayNameItsOwnEndTokens) {
  Random random(11);
  Engine engine(model);
  Request request = greedy_request(random_prompt(random, 5, model.vocabulary()), 12);
  const auto free = engine.generate(request).ids;
  const int32_t end = free[7];
  const auto at = std::ranges::find(free, end);  // the first of it
  request.stop_at_end = true;
  request.end_tokens = {{0, end}};
  const Output output = engine.generate(request);
  EXPECT_EQ(output.finish, FinishReason::Stop);
  EXPECT_EQ(output.ids, std::vector<int32_t>(free.begin(), at + 1));

  request.sampling.min_tokens = at - free.begin() + 1;  // not even the end token that was named
  EXPECT_NE(engine.generate(request).ids, output.ids);
  request.end_tokens = {{static_cast<int32_t>(model.vocabulary())}};
  EXPECT_THROW(engine.submit(request), Error);
}

TEST_P(TinyEngine, ACallbackThatThrowsFailsItsOwnRequestAlone) {
  Random random(3);
  const Request request = greedy_request(random_prompt(random, 30, model.vocabulary()), 10);
  Engine engine(model);
  const auto expected = engine.generate(request).ids;
  for (const size_t at : {size_t{0}, size_t{4}, size_t{9}}) {
    size_t tokens = 0;
    const RequestId bad = engine.submit(request, [&](const Token&) {
      if (tokens++ == at) throw std::runtime_error("the client is gone");
    });
    const RequestId good = engine.submit(request);
    while (engine.step()) {
    }
    const Output failed = engine.take(bad);
    EXPECT_EQ(failed.finish, FinishReason::Failed);
    EXPECT_EQ(failed.error, "the client is gone");
    EXPECT_EQ(failed.ids.size(), at + 1);
    EXPECT_EQ(engine.take(good).ids, expected);
    EXPECT_EQ(engine.state_bytes_in_use(), 0);
  }
}

TEST_P(TinyEngine, ARequestWithAPlacePassesThoseThatWaitForOne) {
  Random random(3);
  Request request = greedy_request(random_prompt(random, 10, model.vocabulary()), 3);
  Engine engine(model, {.max_sequences = 1});
  const ConversationId dialogue = engine.open_conversation();
  const RequestId waiting = engine.submit(request);
  request.conversation = dialogue;
  EXPECT_EQ(engine.generate(request).ids.size(), 3u);
  EXPECT_FALSE(engine.finished(waiting));
  engine.close_conversation(dialogue);
  while (engine.step()) {
  }
  EXPECT_EQ(engine.take(waiting).ids.size(), 3u);
}

TEST_P(TinyEngine, NoTokensMayBeAskedFor) {
  Engine engine(model);
  const Output output = engine.generate(greedy_request({1, 2, 3}, 0));
  EXPECT_EQ(output.finish, FinishReason::Length);
  EXPECT_TRUE(output.ids.empty());
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

TEST_P(TinyEngine, RefusesToStepInsideACallback) {
  Engine engine(model);
  const Output output =
      engine.generate(greedy_request({1, 2, 3}, 4), [&](const Token&) { engine.step(); });
  EXPECT_EQ(output.finish, FinishReason::Failed);
  EXPECT_EQ(output.ids.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Models, TinyEngine, ::testing::Values("tiny-tied", "tiny-untied"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

}  // namespace
}  // namespace jet
