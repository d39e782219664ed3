// Whatever else runs: a request's tokens are the same bits in any batch, arriving whenever, beside
// requests that are cancelled or that fail.
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "io/test_files.h"
#include "runtime/testing/engine_test.h"
#include "runtime/testing/fixture.h"

namespace jet {
namespace {

using testing::greedy_request;
using testing::random_prompt;
using testing::watched;

class Invariance : public ::testing::TestWithParam<const char*> {
 protected:
  Model model = testing::tiny_model(GetParam(), ComputeType::Auto);
};

// 50 batches of 1 to 64 requests with other lengths each; the watched one joins at any step.
TEST_P(Invariance, OneRequestGivesTheSameLogitsInEveryBatch) {
  Random random(1);
  Request request = greedy_request(random_prompt(random, 67, model.vocabulary()), 3);
  request.sampling = {.temperature = 0.8, .seed = 3};
  std::vector<float> expected;
  const EngineOptions one{.threads = 1, .snapshot_bytes = 0, .prefill_chunk = 64};
  const auto ids = Engine(model, one).generate(watched(request, expected)).ids;
  Engine engine(model, {.threads = 2,
                        .max_sequences = 64,
                        .snapshot_bytes = 1 << 20,
                        .prefill_chunk = 64,
                        .step_tokens = 128});
  for (int trial = 0; trial < 50; ++trial) {
    const bool is_large = trial % 16 == 1 || trial == 49;  // then the others are short
    const int others = trial == 49 ? 63 : static_cast<int>(random.bits() % (is_large ? 64 : 6));
    std::vector<RequestId> running;
    for (int i = 0; i < others; ++i) {
      const int64_t length = 1 + random.bits() % (is_large ? 6 : 70);
      running.push_back(engine.submit(greedy_request(
          random_prompt(random, length, model.vocabulary()), 1 + random.bits() % 6)));
      if (random.bits() % 4 == 0) engine.step();
      if (random.bits() % 8 == 0) engine.cancel(running[random.bits() % running.size()]);
    }
    std::vector<float> seen;
    EXPECT_EQ(engine.generate(watched(request, seen)).ids, ids);
    ASSERT_EQ(seen, expected) << "trial " << trial << ", beside " << others;
    while (engine.step()) {
    }
    for (const RequestId id : running) engine.take(id);
  }
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

INSTANTIATE_TEST_SUITE_P(Models, Invariance, ::testing::Values("tiny-tied", "tiny-untied"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

// The untied model with a NaN in the embedding of one token, that no logit sees but those of texts
// which hold it.
constexpr int32_t kBad = 5;

Model damaged_model(const testing_files::Directory& directory) {
  const std::filesystem::path source =
      std::filesystem::path(JET_SOURCE_DIR) / "tests/data/tiny-untied";
  std::filesystem::copy(source / "config.json", directory.file("config.json"));
  std::vector<NamedTensor> tensors = read_safetensors(source / "model.safetensors").tensors;
  const auto found = std::ranges::find(tensors, "model.embed_tokens.weight", &NamedTensor::name);
  Tensor copy(DType::F32, found->tensor.shape());
  std::ranges::copy(testing::floats(found->tensor.view()), copy.mutable_view().f32());
  copy.mutable_view().f32()[kBad * copy.shape()[1] + 3] = NAN;
  found->tensor = std::move(copy);
  write_safetensors(directory.file("model.safetensors"), tensors);
  return Model::load(directory.file("").string(), {.dtype = ComputeType::F32});
}

TEST(NaN, StaysInItsRequest) {
  const testing_files::Directory directory;
  const Model model = damaged_model(directory);
  Random random(8);
  std::vector<int32_t> text = random_prompt(random, 90, model.vocabulary());
  std::ranges::replace(text, kBad, kBad + 1);
  const Request good = greedy_request(text, 4);
  std::vector<float> expected;
  Engine(testing::tiny_model("tiny-untied"), {.snapshot_bytes = 0})
      .generate(watched(good, expected));

  for (const size_t at : {size_t{0}, size_t{63}, size_t{64}, size_t{89}}) {
    Request bad = good;
    bad.prompt[at] = kBad;
    Engine engine(model, {.threads = 1, .max_sequences = 2, .prefill_chunk = 64});
    for (int round = 0; round < 3; ++round) {  // before, beside, after: in the same slots
      std::vector<float> seen;
      const RequestId a = engine.submit(bad);
      const RequestId b = engine.submit(watched(good, seen));
      while (engine.step()) {
      }
      const Output failed = engine.take(a);
      EXPECT_EQ(failed.finish, FinishReason::Failed);
      EXPECT_NE(failed.error.find("NaN"), std::string::npos);
      EXPECT_EQ(engine.take(b).finish, FinishReason::Length);
      ASSERT_EQ(seen, expected) << at;
    }
  }
}

// A prompt whose own tokens are scored: the row of the bad token is the first to hold a NaN.
TEST(NaN, InAScoredPromptIsNamedByItsPosition) {
  const testing_files::Directory directory;
  const Model model = damaged_model(directory);
  Request good = greedy_request({1, 2, 3, 4, 6, 7}, 2);
  good.log_probabilities = 3;
  good.prompt_log_probabilities = true;
  const Output expected = Engine(model).generate(good);
  ASSERT_EQ(expected.prompt_log_probabilities.size(), good.prompt.size() - 1);
  for (size_t at = 0; at + 1 < good.prompt.size(); ++at) {
    Request bad = good;
    bad.prompt[at] = kBad;
    Engine engine(model, {.max_sequences = 2});
    const RequestId a = engine.submit(bad);  // its rows of logits stand before the other's
    const RequestId b = engine.submit(good);
    while (engine.step()) {
    }
    const Output failed = engine.take(a);
    EXPECT_EQ(failed.finish, FinishReason::Failed);
    EXPECT_EQ(failed.prompt_log_probabilities.size(), at);
    EXPECT_NE(failed.error.find(fmt::format("position {} ", at)), std::string::npos)
        << failed.error;
    const Output output = engine.take(b);
    EXPECT_EQ(output.ids, expected.ids);
    ASSERT_EQ(output.prompt_log_probabilities.size(), expected.prompt_log_probabilities.size());
    for (size_t i = 0; i < expected.prompt_log_probabilities.size(); ++i)
      EXPECT_EQ(output.prompt_log_probabilities[i].chosen,
                expected.prompt_log_probabilities[i].chosen);
    EXPECT_EQ(engine.state_bytes_in_use(), 0);
  }
}

TEST(NaN, AConversationThatHoldsOneIsLost) {
  const testing_files::Directory directory;
  Engine engine(damaged_model(directory));
  Request request = greedy_request({1, kBad, 2}, 4);
  request.conversation = engine.open_conversation();
  EXPECT_EQ(engine.generate(request).finish, FinishReason::Failed);
  EXPECT_THROW(engine.submit(request), Error);
  engine.close_conversation(*request.conversation);
  EXPECT_EQ(engine.state_bytes_in_use(), 0);
}

}  // namespace
}  // namespace jet
