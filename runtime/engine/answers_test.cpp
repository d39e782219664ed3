// Several answers, log-probabilities, hooks and forks of conversations.
#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "runtime/testing/engine_test.h"

namespace jet {
namespace {

using testing::greedy_request;
using testing::random_prompt;

class Answers : public ::testing::TestWithParam<const char*> {
 protected:
  Request sampled(uint64_t seed, int64_t answers) {
    Random random(9);
    Request request = greedy_request(random_prompt(random, 70, model.vocabulary()), 12);
    request.sampling = {.temperature = 1, .seed = seed};
    request.answers = answers;
    return request;
  }

  Model model = testing::tiny_model(GetParam());
};

TEST_P(Answers, EachIsWhatItsSeedGivesAlone) {
  Engine engine(model);
  const Output output = engine.generate(sampled(5, 4));
  ASSERT_EQ(output.others.size(), 3u);
  EXPECT_EQ(engine.stats().tokens, 70 + 4 * 11);
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
  EXPECT_NE(output.ids, output.others[0].ids);
  Engine single(model, {.snapshot_bytes = 0});
  EXPECT_EQ(output.ids, single.generate(sampled(5, 1)).ids);
  for (uint64_t i = 0; i < 3; ++i)
    EXPECT_EQ(output.others[i].ids, single.generate(sampled(6 + i, 1)).ids);
}

// One ends at its first token, the others go on.
TEST_P(Answers, EndEachByItself) {
  Engine engine(model);
  Request request = sampled(5, 8);
  std::vector<std::vector<int32_t>> streamed(8);
  request.stop_at_end = true;
  request.sampling.temperature = 50;  // nearly uniform: end tokens come early somewhere
  request.max_tokens = 300;
  const Output output = engine.generate(request, [&](const Token& token) {
    streamed[static_cast<size_t>(token.answer)].push_back(token.id);
  });
  std::set<size_t> lengths;
  for (size_t i = 0; i < 8; ++i) {
    const Answer& answer = i == 0 ? output : output.others[i - 1];
    EXPECT_EQ(answer.ids, streamed[i]);
    EXPECT_EQ(model.is_end(answer.ids.back()), answer.finish == FinishReason::Stop);
    lengths.insert(answer.ids.size());
  }
  EXPECT_GT(lengths.size(), 4u);
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

TEST_P(Answers, ManyShareTheirPromptsPages) {
  Engine engine(model, {.max_sequences = 64, .snapshot_bytes = 0});
  const RequestId id = engine.submit(sampled(1, 64));
  engine.step();
  const int64_t many = engine.state_bytes_in_use();
  engine.cancel(id);
  engine.step();
  EXPECT_EQ(engine.take(id).finish, FinishReason::Cancelled);
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
  engine.submit(sampled(1, 1));
  engine.step();
  // 82 tokens: two pages, of which the first is everyone's.
  const int64_t one = engine.state_bytes_in_use();
  Engine short_one(model, {.context_length = 64, .snapshot_bytes = 0});
  short_one.submit(greedy_request({1, 2}, 3));
  short_one.step();
  const int64_t page = one - short_one.state_bytes_in_use();
  EXPECT_EQ(many, 64 * one - 63 * page);
}

TEST_P(Answers, GiveTheModelsOwnLogProbabilities) {
  Engine engine(model);
  Request request = sampled(3, 1);
  request.log_probabilities = 5;
  request.sampling.top_k = 3;  // does not change them
  request.sampling.suppress = {7};
  std::vector<std::vector<float>> rows;
  request.logits_hook = [&](std::span<const int32_t>, std::span<float> logits) {
    rows.emplace_back(logits.begin(), logits.end());
  };
  const Output output = engine.generate(request);
  ASSERT_EQ(output.log_probabilities.size(), 12u);
  for (size_t step = 0; step < 12; ++step) {
    const LogProbabilities& at = output.log_probabilities[step];
    ASSERT_EQ(at.top.size(), 5u);
    double total = 0;
    for (size_t id = 0; id < rows[step].size(); ++id) {
      if (id != 7) total += std::exp(static_cast<double>(rows[step][id]));
    }
    const double largest = rows[step][static_cast<size_t>(at.top[0].id)];
    // Token 7 alone is missing in what the hook saw.
    EXPECT_LE(at.top[0].value, largest - std::log(total) + 1e-12);
    for (size_t i = 1; i < 5; ++i) EXPECT_GE(at.top[i - 1].value, at.top[i].value);
    const auto chosen = std::ranges::find(at.top, output.ids[step], &TokenLogProbability::id);
    ASSERT_NE(chosen, at.top.end());  // of the three likeliest, or four where 7 is one of them
    EXPECT_EQ(chosen->value, at.chosen);
  }
}

// A text's tokens are as likely in a prompt as they were when they were chosen; whatever was kept,
// nothing is missing.
TEST_P(Answers, GiveThePromptsLogProbabilities) {
  Engine engine(model, {.prefill_chunk = 64});
  Request request = greedy_request({3, 1, 4, 1, 5}, 80);
  request.stop_at_end = false;
  request.log_probabilities = 2;
  const Output chosen = engine.generate(request);
  request.prompt.insert(request.prompt.end(), chosen.ids.begin(), chosen.ids.end());
  request.max_tokens = 1;
  request.prompt_log_probabilities = true;
  for (int i = 0; i < 2; ++i) {
    const Output given = engine.generate(request);
    EXPECT_EQ(given.cached_tokens, 0);
    ASSERT_EQ(given.prompt_log_probabilities.size(), 84u);
    for (size_t at = 0; at < 80; ++at) {
      const LogProbabilities& there = given.prompt_log_probabilities[4 + at];
      EXPECT_EQ(there.chosen, chosen.log_probabilities[at].chosen) << at;
      EXPECT_EQ(there.top[1].id, chosen.log_probabilities[at].top[1].id) << at;
    }
  }
}

TEST_P(Answers, TheHookForbidsTokens) {
  Engine engine(model);
  Request request = sampled(3, 3);
  const std::vector<int32_t> prompt = request.prompt;
  request.logits_hook = [&](std::span<const int32_t> tokens, std::span<float> scores) {
    EXPECT_TRUE(std::ranges::equal(tokens.first(prompt.size()), prompt));
    const auto only = (tokens.size() * 3) % scores.size();
    for (size_t id = 0; id < scores.size(); ++id) {
      if (id != only) scores[id] = -INFINITY;
    }
  };
  const Output output = engine.generate(request);
  for (size_t i = 0; i < output.ids.size(); ++i) {
    const size_t position = prompt.size() + i;
    EXPECT_EQ(output.ids[i],
              static_cast<int32_t>(position * 3 % static_cast<size_t>(model.vocabulary())));
  }
  EXPECT_EQ(output.others[1].ids, output.ids);
  request.logits_hook = [](std::span<const int32_t>, std::span<float> scores) {
    std::ranges::fill(scores, -INFINITY);
  };
  const Output failed = engine.generate(request);
  EXPECT_EQ(failed.finish, FinishReason::Failed);
  EXPECT_NE(failed.error.find("every token is forbidden"), std::string::npos);
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

TEST_P(Answers, AForkedConversationGoesItsOwnWay) {
  Random random(4);
  Engine engine(model);
  const ConversationId trunk = engine.open_conversation();
  Request request = greedy_request(random_prompt(random, 80, model.vocabulary()), 4);
  request.conversation = trunk;
  const Output first = engine.generate(request);
  const ConversationId branch = engine.fork_conversation(trunk);
  EXPECT_EQ(engine.conversation_ids(branch), engine.conversation_ids(trunk));

  std::vector<int32_t> whole = request.prompt;
  whole.insert(whole.end(), first.ids.begin(), first.ids.end());
  for (const ConversationId id : {trunk, branch, trunk, branch}) {
    request.prompt = random_prompt(random, 30, model.vocabulary());
    request.conversation = id;
    std::vector<int32_t> all = engine.conversation_ids(id);
    all.insert(all.end(), request.prompt.begin(), request.prompt.end());
    const Output output = engine.generate(request);
    Engine alone(model, {.snapshot_bytes = 0});
    EXPECT_EQ(output.ids, alone.generate(greedy_request(all, 4)).ids);
  }
  engine.close_conversation(trunk);
  engine.close_conversation(branch);
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

TEST_P(Answers, AConversationGoesOnAfterACancelledAnswer) {
  Random random(6);
  Engine engine(model);
  Request request = greedy_request(random_prompt(random, 20, model.vocabulary()), 50);
  request.conversation = engine.open_conversation();
  const RequestId id = engine.submit(request);
  for (int i = 0; i < 5; ++i) engine.step();
  engine.cancel(id);
  engine.step();
  const Output cut = engine.take(id);
  EXPECT_EQ(cut.ids.size(), 5u);
  std::vector<int32_t> all = engine.conversation_ids(*request.conversation);
  EXPECT_EQ(all.size(), 24u);
  request.prompt = random_prompt(random, 6, model.vocabulary());
  all.insert(all.end(), request.prompt.begin(), request.prompt.end());
  EXPECT_EQ(engine.generate(request).ids, engine.generate(greedy_request(all, 50)).ids);
}

TEST_P(Answers, RefuseWhatCannotBe) {
  Engine engine(model, {.max_sequences = 4});
  const Request good = greedy_request({1, 2, 3}, 2);
  const auto refused = [&](auto change) {
    Request bad = good;
    change(bad);
    EXPECT_THROW(engine.submit(bad), Error);
  };
  refused([](Request& r) { r.answers = 0; });
  refused([](Request& r) { r.answers = 5; });
  refused([](Request& r) { r.beams.beams = 0; });
  refused([](Request& r) { r.beams.beams = 5; });
  refused([](Request& r) { r.beams = {.beams = 2, .length_penalty = NAN}; });
  refused([](Request& r) { r.beams.beams = 2, r.answers = 3; });
  refused([](Request& r) { r.beams.beams = 2, r.log_probabilities = 0; });
  refused([](Request& r) { r.log_probabilities = 21; });
  const ConversationId dialogue = engine.open_conversation();
  refused([&](Request& r) { r.conversation = dialogue, r.answers = 2; });
  refused([&](Request& r) { r.conversation = dialogue, r.beams.beams = 2; });
}

INSTANTIATE_TEST_SUITE_P(Models, Answers, ::testing::Values("tiny-tied", "tiny-untied"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

}  // namespace
}  // namespace jet
