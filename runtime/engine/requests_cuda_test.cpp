// Two hundred requests on CUDA that come and go at random: each gives the tokens that it gives
// alone, with --deterministic always, else but for near-ties; and all memory is given back.
#include <cmath>

#include "io/test_files.h"
#include "ops/testing/gpu_test.h"
#include "runtime/model/loaded_model.h"
#include "runtime/testing/engine_test.h"
#include "runtime/testing/random_model.h"

namespace jet {
namespace {

using testing::Gpu;
using testing::random_prompt;

constexpr int kRequests = 200;
constexpr int64_t kVocabulary = 512;
// The scores of two likely tokens lie this share of the scores' spread apart where another order of
// sums may choose the other: a dozen layers' roundings to bf16, 2^-9 each, and their like.
constexpr double kNearTie = 0.1;

class RequestsOnGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Gpu::get().device) GTEST_SKIP() << Gpu::get().reason;
    // Widths that the kernels of the tensor cores take.
    testing::random_hybrid(directory_.file(""), {"jet", "attn", "swa", "jet"},
                           {.hidden = 128, .vocabulary = kVocabulary, .key_dim = 64, .window = 48});
    Random random(7);
    for (int i = 0; i < kRequests; ++i) {
      Request request{.prompt = random_prompt(random, 1 + random.bits() % 300, kVocabulary),
                      .max_tokens = 1 + random.bits() % 24,
                      .stop_at_end = false};
      if (i % 3 == 0) request.sampling = {.temperature = 0.7, .top_k = 40, .seed = random.bits()};
      requests_.push_back(std::move(request));
    }
  }

  Model load(bool deterministic) const {
    return Model::load(directory_.file("").string(), {.dtype = ComputeType::BF16,
                                                      .device = DeviceChoice::Cuda,
                                                      .memory_fraction = 0.5,
                                                      .deterministic = deterministic});
  }

  // One after the other; `scores` of request i, step j: of all tokens.
  std::vector<Output> alone(const Model& model, std::vector<std::vector<float>>& scores) const {
    Engine engine(model, options(1));
    std::vector<Output> outputs;
    scores.resize(requests_.size());
    for (size_t i = 0; i < requests_.size(); ++i)
      outputs.push_back(engine.generate(testing::watched(requests_[i], scores[i])));
    return outputs;
  }

  // All within one engine, each arriving at some step; every tenth is cancelled.
  std::vector<Output> together(Engine& engine) const {
    Random random(9);
    std::vector<RequestId> ids;
    for (size_t i = 0; i < requests_.size(); ++i) {
      ids.push_back(engine.submit(requests_[i]));
      if (i % 10 == 9) engine.cancel(ids[random.bits() % ids.size()]);
      for (uint32_t steps = random.bits() % 3; steps > 0; --steps) engine.step();
    }
    while (engine.step()) {
    }
    std::vector<Output> outputs;
    for (const RequestId id : ids) outputs.push_back(engine.take(id));
    EXPECT_EQ(engine.state_bytes_in_use(), 0);
    return outputs;
  }

  static EngineOptions options(int64_t sequences) {
    return {.threads = 1,
            .context_length = 512,
            .max_sequences = sequences,
            .snapshot_bytes = 0,
            .prefill_chunk = 128,
            .step_tokens = 400};
  }

  testing_files::Directory directory_;
  std::vector<Request> requests_;
};

int64_t memory_in_use(const Model& model) {
  return model.loaded().decoder.device()->memory_in_use();
}

// Where two texts part, the share of the scores' deviation that lies between the two tokens.
double gap(const Output& expected, const Output& got, const std::vector<float>& scores) {
  const auto [a, b] = std::ranges::mismatch(expected.ids, got.ids);
  if (a == expected.ids.end() || b == got.ids.end()) return 0;  // one was cancelled
  const auto row = std::span(scores).subspan(
      static_cast<size_t>(a - expected.ids.begin()) * kVocabulary, kVocabulary);
  double squares = 0;
  for (const float score : row) squares += double{score} * double{score};
  return std::abs(row[static_cast<size_t>(*a)] - row[static_cast<size_t>(*b)]) /
         std::sqrt(squares / kVocabulary);
}

TEST_F(RequestsOnGpu, DeterministicOnesGiveWhatTheyGiveAlone) {
  const Model model = load(true);
  std::vector<std::vector<float>> scores;
  const std::vector<Output> expected = alone(model, scores);
  Engine engine(model, options(16));
  const std::vector<Output> outputs = together(engine);
  const int64_t in_use = memory_in_use(model);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<int32_t>& ids = outputs[i].ids;
    if (outputs[i].finish != FinishReason::Cancelled) {
      EXPECT_EQ(ids.size(), expected[i].ids.size()) << i;
    }
    EXPECT_TRUE(std::equal(ids.begin(), ids.end(), expected[i].ids.begin())) << "request " << i;
  }
  together(engine);
  EXPECT_EQ(memory_in_use(model), in_use);
}

TEST_F(RequestsOnGpu, OthersDifferByNearTiesAlone) {
  const Model model = load(false);
  std::vector<std::vector<float>> scores;
  const std::vector<Output> expected = alone(model, scores);
  Engine engine(model, options(16));
  const std::vector<Output> outputs = together(engine);
  int differing = 0;
  double widest = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (requests_[i].sampling.temperature > 0) continue;  // a draw may fall between two others
    const double between = gap(expected[i], outputs[i], scores[i]);
    differing += between > 0 ? 1 : 0;
    widest = std::max(widest, between);
    EXPECT_LT(between, kNearTie) << "request " << i;
  }
  RecordProperty("differing", differing);
  RecordProperty("widest", std::to_string(widest));
}

}  // namespace
}  // namespace jet
