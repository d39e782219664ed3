// Logits processors that transformers lacks, by OpenAI's formula; the others are compared with
// transformers by the engine's tests.
#include "runtime/sampling/processors.h"

#include <gtest/gtest.h>

namespace jet {
namespace {

using Scores = std::vector<float>;

Scores processed(const Sampling& sampling, Scores scores, const std::vector<int32_t>& context,
                 int64_t prompt_tokens) {
  const LogitsHook none;
  LogitsProcessors(sampling, none, {}, prompt_tokens).apply(scores, context);
  return scores;
}

// logit - count * frequency - (count > 0) * presence. The prompt {3, 3} does not count.
TEST(LogitsProcessors, PenalisesTokensOfTheAnswerByPresenceAndCount) {
  const std::vector<int32_t> context{3, 3, 1, 2, 1};
  EXPECT_EQ(processed({.presence_penalty = 0.5}, {1, 1, 1, 1}, context, 2),
            (Scores{1, 0.5, 0.5, 1}));
  EXPECT_EQ(processed({.frequency_penalty = 0.25}, {1, 1, 1, 1}, context, 2),
            (Scores{1, 0.5, 0.75, 1}));
  EXPECT_EQ(processed({.presence_penalty = -2, .frequency_penalty = 1}, {0, 0, 0, 0}, context, 2),
            (Scores{0, 0, 1, 0}));
}

TEST(LogitsProcessors, AddsBiasBeforeTheRepetitionPenalty) {
  EXPECT_EQ(processed({.logit_bias = {{0, 2}, {2, -100}}}, {1, 1, 1}, {}, 0), (Scores{3, 1, -99}));
  // (-1 + 5) / 2, not -1 * 2 + 5.
  EXPECT_EQ(processed({.repetition_penalty = 2, .logit_bias = {{0, 5}}}, {-1, 1}, {0}, 1),
            (Scores{2, 1}));
}

}  // namespace
}  // namespace jet
