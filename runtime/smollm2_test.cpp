// A real model: SmolLM2-135M-Instruct (Q4_1) against Hugging Face transformers in float32 on the
// dequantised weights.
#include <filesystem>

#include <gtest/gtest.h>
#include <zlib.h>

#include <jet/jet.h>

#include "io/file.h"
#include "io/json.h"
#include "runtime/model/loaded_model.h"
#include "runtime/scoring/scorer.h"
#include "runtime/testing/fixture.h"

namespace jet {
namespace {

namespace fs = std::filesystem;
using testing::distance;
using testing::floats;

const fs::path kSource = JET_SOURCE_DIR;
const fs::path kModel = kSource / "models-cache/SmolLM2-135M-Instruct.Q4_1.gguf";
const fs::path kShared = kSource / "../shared";

class SmolLm2 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kModel)) GTEST_SKIP() << kModel << " is not there: make test fetches it";
  }
  static const Model& model() {
    static const Model loaded = Model::load(kModel.string(), {.dtype = ComputeType::F32});
    return loaded;
  }
  // For tests that compute for minutes when instrumented.
  static void needs_speed() {
#ifdef JET_SANITIZED
    GTEST_SKIP() << "too slow under a sanitizer";
#endif
  }
  static Json fixture(const std::string& name) {
    const fs::path path = kSource / "tests/data/smollm2" / name;
    return parse_json(read_text_file(path), path.string());
  }
};

TEST_F(SmolLm2, GivesTheGreedyTexts) {
  needs_speed();
  if (IsSkipped()) return;
  Engine engine(model(), {.context_length = 128});
  for (const Json& each : fixture("generation.json")) {
    const std::string prompt = each.at("prompt");
    const std::vector<int32_t> ids = model().encode(prompt);
    EXPECT_EQ(ids, each.at("ids").get<std::vector<int32_t>>());
    const Output output = engine.generate({.prompt = ids, .max_tokens = 32});
    EXPECT_EQ(output.ids, each.at("greedy_ids").get<std::vector<int32_t>>()) << prompt;
    EXPECT_EQ(model().decode(output.ids), each.at("greedy_text").get<std::string>()) << prompt;
  }
}

// Log-probabilities are differences of logits of up to about 30, which float32 holds to 2e-6; 30
// layers of float32 on either side make it about 1e-4.
TEST_F(SmolLm2, GivesTheLogProbabilities) {
  constexpr double kTolerance = 3e-4;
  Scorer scorer(model().loaded().decoder, {.context = 128});
  for (const Json& each : fixture("generation.json")) {
    const auto ids = each.at("ids").get<std::vector<int32_t>>();
    scorer.restart();
    const ConstTensorView logits = scorer.feed(ids, BatchPlan::Logits::All);
    const auto row = [&](size_t i) {
      const auto width = static_cast<size_t>(logits.shape[1]);
      return floats(logits).subspan(i * width, width);
    };
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      EXPECT_NEAR(log_probability(row(i), ids[i + 1]), each.at("prompt_logprobs")[i].get<double>(),
                  kTolerance);
    }
    for (const Json& entry : each.at("last_top20")) {
      EXPECT_NEAR(log_probability(row(ids.size() - 1), entry[0]), entry[1].get<double>(),
                  kTolerance);
    }
  }
}

TEST_F(SmolLm2, GivesTheLastLogits) {
  const fs::path path = kShared / "fixtures/smollm2/last_logits.safetensors";
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
  const Json generation = fixture("generation.json");
  const Safetensors expected = read_safetensors(path);
  Scorer scorer(model().loaded().decoder, {.context = 128});
  size_t compared = 0;
  for (const NamedTensor& named : expected.tensors) {
    const ConstTensorView view = named.tensor.view();
    const auto rows = static_cast<size_t>(view.shape.elements() / model().vocabulary());
    for (size_t i = 0; i < rows; ++i, ++compared) {
      scorer.restart();
      const auto logits = floats(scorer.feed(
          generation.at(compared).at("ids").get<std::vector<int32_t>>(), BatchPlan::Logits::Last));
      EXPECT_LT(distance(logits, floats(view).subspan(i * logits.size(), logits.size())), 3e-4)
          << named.name;
    }
  }
  EXPECT_EQ(compared, generation.size());
}

// The first `count` characters of a gzipped UTF-8 text.
std::string first_characters(const fs::path& path, size_t count) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text(4 * count, '\0');
  const int read = gzread(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  text.resize(static_cast<size_t>(std::max(read, 0)));
  size_t end = 0;
  for (size_t seen = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && seen++ == count) break;
  }
  text.resize(end);
  return text;
}

TEST_F(SmolLm2, GivesThePerplexity) {
  needs_speed();
  if (IsSkipped()) return;
  const fs::path path = kShared / "data/eval/wikitext2_valid.txt.gz";
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
  const Json expected = fixture("perplexity.json");
  const std::vector<int32_t> ids = model().encode(first_characters(path, 60000));
  EXPECT_EQ(static_cast<int64_t>(ids.size()), expected.at("tokens"));
  Scorer scorer(model().loaded().decoder, {.context = 1024});
  const Perplexity result = perplexity(scorer, ids, expected.at("window"), 8);
  EXPECT_EQ(result.tokens, expected.at("scored_tokens"));
  EXPECT_NEAR(result.perplexity, expected.at("perplexity").get<double>(), 0.005);
  for (size_t i = 0; i < result.window_losses.size(); ++i) {
    EXPECT_NEAR(result.window_losses[i], expected.at("windows")[i].get<double>(), 0.05);
  }
}

TEST_F(SmolLm2, ChatPromptIsTheTemplates) {
  const std::vector<ChatMessage> messages{{"user", "hi"}};
  EXPECT_EQ(model().chat_prompt(messages),
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n"
            "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
}

}  // namespace
}  // namespace jet
