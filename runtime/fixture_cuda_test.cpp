// The decoder on CUDA against the published modelling code: float32 as on the CPU, bf16 within what
// rounding explains, batches and cuts.
#include <cmath>

#include <jet/engine.h>

#include "models/quantise.h"
#include "ops/testing/gpu_test.h"
#include "runtime/model/loaded_model.h"
#include "runtime/scoring/scorer.h"
#include "runtime/testing/fixture.h"

namespace jet {
namespace {

using testing::distance;
using testing::Fixture;
using testing::floats;
using testing::Gpu;

// The recorded logits lie up to 2.5e-5 from a computation in float64; the CPU's are held to 3e-5 of
// them, and sums in another order may be as far on the other side.
constexpr double kTolerance = 6e-5;

// Root mean square error of logits that rounding the weights alone makes, in float32 on the CPU.
// Computing in bf16 rounds the other factor of every product too, what attention and the recurrence
// read, and what they give: three times as much, if it is no more than rounding.
constexpr double kRoundings = 3;

// Weights rounded to bf16, and everything else as in the reference.
class RoundedPreparer final : public Preparer {
 public:
  Weight weight(const Tensor& tensor) const override {
    const Tensor exact = to_float32(tensor);
    const ConstTensorView from = exact.view();
    Tensor rounded(DType::BF16, from.shape);
    encode_row(DType::BF16, from.f32(), from.shape.elements(), rounded.mutable_view().data);
    return {rounded};
  }
  Weight exact_weight(const Tensor& tensor) const override { return weight(tensor); }
  Weight table(const Tensor& tensor) const override { return weight(tensor); }
  Tensor vector(const Tensor& tensor) const override { return to_float32(tensor); }
};

double rms_distance(std::span<const float> a, std::span<const float> b) {
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += std::pow(double{a[i]} - double{b[i]}, 2);
  return std::sqrt(squares / static_cast<double>(a.size()));
}

class FixtureOnGpu : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Gpu::get().device) GTEST_SKIP() << Gpu::get().reason;
  }
  LoadedModel load(ComputeType dtype, bool deterministic = false) const {
    return {fixture.checkpoint,
            {.dtype = dtype, .device = DeviceChoice::Cuda, .deterministic = deterministic}};
  }
  static ScorerOptions options(const LoadedModel& model) {
    return {
        .context = 256,
        .types = {.attention = model.decoder.numbers(), .convolution = model.decoder.numbers()}};
  }
  Fixture fixture{GetParam()};
};

TEST_P(FixtureOnGpu, PrefillInFloat32GivesTheLogits) {
  const LoadedModel model = load(ComputeType::F32);
  for (int64_t b = 0; b < fixture.sequences(); ++b) {
    Scorer scorer(model.decoder, options(model));
    const auto logits = scorer.feed(fixture.ids("prompt", b), BatchPlan::Logits::All);
    EXPECT_LT(distance(floats(logits), fixture.values("prefill_logits", b)), kTolerance);
  }
}

TEST_P(FixtureOnGpu, DecodingInFloat32GivesTheStepLogits) {
  const LoadedModel model = load(ComputeType::F32);
  for (int64_t b = 0; b < fixture.sequences(); ++b) {
    Scorer scorer(model.decoder, options(model));
    const std::vector<int32_t> greedy = fixture.ids("greedy_tokens", b);
    const auto expected = fixture.values("step_logits", b);
    const auto vocabulary = static_cast<size_t>(model.decoder.spec().vocabulary);
    scorer.feed(fixture.ids("prompt", b), BatchPlan::Logits::Last);
    for (size_t step = 0; step + 1 < greedy.size(); ++step) {
      const auto logits = floats(scorer.feed({&greedy[step], 1}, BatchPlan::Logits::Last));
      EXPECT_LT(distance(logits, expected.subspan(step * vocabulary, vocabulary)), kTolerance)
          << "step " << step;
    }
  }
}

// The prompt at once, and all its tokens one by one.
TEST_P(FixtureOnGpu, BFloat16DiffersAsRoundingExplains) {
  const LoadedModel model = load(ComputeType::BF16);
  const Decoder rounded(fixture.checkpoint.spec, fixture.checkpoint.source(), RoundedPreparer());
  const auto vocabulary = static_cast<size_t>(rounded.spec().vocabulary);
  for (int64_t b = 0; b < fixture.sequences(); ++b) {
    const auto prompt = fixture.ids("prompt", b);
    const auto expected = fixture.values("prefill_logits", b);
    Scorer on_cpu(rounded, {.threads = 1});
    const double bound =
        kRoundings * rms_distance(floats(on_cpu.feed(prompt, BatchPlan::Logits::All)), expected);
    Scorer whole(model.decoder, options(model)), steps(model.decoder, options(model));
    EXPECT_LT(rms_distance(floats(whole.feed(prompt, BatchPlan::Logits::All)), expected), bound);
    std::vector<float> logits;
    for (const int32_t id : prompt) {
      const auto row = floats(steps.feed({&id, 1}, BatchPlan::Logits::Last));
      logits.insert(logits.end(), row.begin(), row.end());
    }
    ASSERT_EQ(logits.size(), prompt.size() * vocabulary);
    EXPECT_LT(rms_distance(logits, expected), bound);
  }
}

// Matrices as blocks: on the device as tiles, whose quants meet x without being rounded, or are
// widened and rounded to bf16.
TEST_P(FixtureOnGpu, BlockWeightsDifferAsRoundingExplains) {
  ThreadPool threads(1);
  for (const DType type : {DType::Q8_0, DType::Q4_1}) {
    Checkpoint blocks = fixture.checkpoint;
    convert_tensors(blocks, quantisation_plan(blocks.spec, type).tensors, threads, {});
    const LoadedModel model(blocks, {.device = DeviceChoice::Cuda});
    const Decoder exact(blocks.spec, blocks.source(), ReferencePreparer());
    const Decoder rounded(blocks.spec, blocks.source(), RoundedPreparer());
    std::vector<float> expected, after_rounding, at_once, one_by_one;
    const auto append = [](std::vector<float>& all, std::span<const float> more) {
      all.insert(all.end(), more.begin(), more.end());
    };
    for (int64_t b = 0; b < fixture.sequences(); ++b) {
      const auto prompt = fixture.ids("prompt", b);
      Scorer exactly(exact, {.threads = 1}), roundly(rounded, {.threads = 1});
      append(expected, floats(exactly.feed(prompt, BatchPlan::Logits::All)));
      append(after_rounding, floats(roundly.feed(prompt, BatchPlan::Logits::All)));
      Scorer whole(model.decoder, options(model)), steps(model.decoder, options(model));
      append(at_once, floats(whole.feed(prompt, BatchPlan::Logits::All)));
      for (const int32_t id : prompt)
        append(one_by_one, floats(steps.feed({&id, 1}, BatchPlan::Logits::Last)));
    }
    const double bound = kRoundings * rms_distance(after_rounding, expected);
    EXPECT_LT(rms_distance(at_once, expected), bound) << name(type);
    EXPECT_LT(rms_distance(one_by_one, expected), bound) << name(type);
  }
}

TEST_P(FixtureOnGpu, TokenByTokenEqualsThePrefill) {
  const LoadedModel model = load(ComputeType::F32);
  const std::vector<int32_t> prompt = fixture.ids("prompt", 0);
  Scorer whole(model.decoder, options(model)), steps(model.decoder, options(model));
  const auto logits = floats(whole.feed(prompt, BatchPlan::Logits::Last));
  for (size_t i = 0; i + 1 < prompt.size(); ++i)
    steps.feed({&prompt[i], 1}, BatchPlan::Logits::None);
  const auto last = floats(steps.feed({&prompt.back(), 1}, BatchPlan::Logits::Last));
  EXPECT_LT(distance(logits, last), kTolerance);
}

// The engine decodes by graphs.
TEST_P(FixtureOnGpu, TheEngineGivesTheGreedyTokens) {
  Engine engine(Model::load(fixture.directory.string(),
                            {.dtype = ComputeType::F32, .device = DeviceChoice::Cuda}),
                {.threads = 1, .context_length = 256});
  for (int64_t b = 0; b < fixture.sequences(); ++b) {
    const std::vector<int32_t> greedy = fixture.ids("greedy_tokens", b);
    const Output output = engine.generate({.prompt = fixture.ids("prompt", b),
                                           .max_tokens = std::ssize(greedy),
                                           .stop_at_end = false});
    EXPECT_EQ(output.ids, greedy);
  }
}

// One decoding step of all sequences together and of each alone, after the same prefill.
TEST_P(FixtureOnGpu, DeterministicResultsDoNotDependOnTheBatch) {
  const LoadedModel model = load(ComputeType::BF16, true);
  const Decoder& decoder = model.decoder;
  StatePool pool(decoder.states(), {.sequences = 2 * fixture.sequences(),
                                    .context = 256,
                                    .types = options(model).types,
                                    .device = decoder.device()});
  ThreadPool threads(1);
  Arena arena(decoder.device(), decoder.numbers());
  Context context{threads, arena, decoder.device()};
  Logits logits(decoder);
  BatchPlan plan;
  const auto run = [&] {
    const TensorView room = logits.room(static_cast<int64_t>(plan.logit_rows().size()));
    decoder.forward(
        context, {plan.ids(), plan.view(decoder.device()), plan.logit_rows(), pool.states(), room});
    const auto view = floats(logits.on_host());
    plan.clear();
    return std::vector<float>(view.begin(), view.end());
  };
  for (int32_t slot = 0; slot < 2 * fixture.sequences(); ++slot) {
    ASSERT_EQ(pool.acquire(), slot);
    ASSERT_TRUE(pool.reserve(slot, 256));
    const auto prompt = fixture.ids("prompt", slot % fixture.sequences());
    plan.add(pool, slot, 0, prompt, BatchPlan::Logits::None);
    run();
  }
  const auto add = [&](int32_t slot) {
    const int64_t b = slot % fixture.sequences();
    const auto prompt = fixture.ids("prompt", b), greedy = fixture.ids("greedy_tokens", b);
    plan.add(pool, slot, std::ssize(prompt), std::span(greedy).first(1), BatchPlan::Logits::Last);
  };
  for (int32_t b = 0; b < fixture.sequences(); ++b) add(b);
  const std::vector<float> together = run();
  std::vector<float> alone;
  for (int32_t b = 0; b < fixture.sequences(); ++b) {
    add(b + static_cast<int32_t>(fixture.sequences()));
    const auto row = run();
    alone.insert(alone.end(), row.begin(), row.end());
  }
  EXPECT_TRUE(testing::same_bits(together, alone));
}

INSTANTIATE_TEST_SUITE_P(Models, FixtureOnGpu, ::testing::Values("tiny-tied", "tiny-untied"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

}  // namespace
}  // namespace jet
