// Attention and sliding windows: prompts equal decoding, batches equal single sequences, a window
// sees what it should.
#include "mixers/attention/spec.h"
#include "mixers/testing/mixer_test.h"

namespace jet {
namespace {

AttentionSpec attention_spec(int64_t window, bool bias = true, bool qk_norm = false) {
  AttentionSpec spec;
  spec.model = {.hidden = 24,
                .heads = 6,
                .kv_heads = 2,
                .head_dim = 10,
                .attention_bias = bias,
                .qk_norm = qk_norm};
  spec.window = window;
  return spec;
}

TEST(Attention, PrefillEqualsStepByStep) {
  testing::expect_prefill_equals_steps(attention_spec(0), 24, 41);
  testing::expect_prefill_equals_steps(attention_spec(0, false, true), 24, 20);
}

TEST(Attention, RaggedBatchEqualsEachAlone) {
  testing::expect_ragged_batch_equals_alone(attention_spec(0), 24);
}

TEST(SlidingWindow, PrefillEqualsStepByStep) {
  for (const int64_t window : {1, 2, 7, 12, 40, 41, 100}) {
    testing::expect_prefill_equals_steps(attention_spec(window), 24, 41);
  }
}

TEST(SlidingWindow, RaggedBatchEqualsEachAlone) {
  for (const int64_t window : {1, 5, 100})
    testing::expect_ragged_batch_equals_alone(attention_spec(window), 24);
}

// The last output must not depend on tokens before the window, and must depend on the window's
// first token.
TEST(SlidingWindow, SeesTheTokenItselfAndTheOnesBeforeItUpToTheWindow) {
  constexpr int64_t kHidden = 24;
  constexpr int64_t kLength = 20;
  constexpr int64_t kWindow = 5;
  testing::MixerBench bench(attention_spec(kWindow), kHidden, 1, kLength);
  std::vector<float> x = testing::normals(kLength * kHidden, 5);
  const auto last = [&] {
    bench.restart(0);
    const std::vector<float> y = bench.run({{0, x}});
    return std::vector<float>(y.end() - kHidden, y.end());
  };
  const std::vector<float> before = last();
  x[(kLength - kWindow - 1) * kHidden] += 1;
  EXPECT_EQ(last(), before);
  x[(kLength - kWindow) * kHidden] += 1;
  EXPECT_NE(last(), before);
}

TEST(SlidingWindow, AWindowOfTheWholeTextIsFullAttention) {
  constexpr int64_t kLength = 30;
  testing::MixerBench full(attention_spec(0), 24, 1, kLength);
  testing::MixerBench window(attention_spec(kLength), 24, 1, kLength);
  const std::vector<float> x = testing::normals(kLength * 24, 8);
  EXPECT_EQ(full.run({{0, x}}), window.run({{0, x}}));
}

}  // namespace
}  // namespace jet
