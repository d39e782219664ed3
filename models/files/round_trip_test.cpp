// Checkpoints through both formats and back: the same bits, the same config, the same token ids.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <jet/error.h>

#include "io/file.h"
#include "io/gguf.h"
#include "models/checkpoint.h"
#include "models/family.h"
#include "models/files/gguf_file.h"
#include "models/files/hf_directory.h"
#include "models/random_init.h"

namespace jet {
namespace {

namespace fs = std::filesystem;

// A fresh place for one test's files.
fs::path scratch(const std::string& name) {
  const fs::path path = fs::path(::testing::TempDir()) / ("jet_round_trip_" + name);
  fs::remove_all(path);
  fs::create_directories(path);
  return path;
}

Json small_config(const std::string& family, const std::string& type) {
  Json config{{"model_type", family},
              {"hidden_size", 32},
              {"num_hidden_layers", 3},
              {"num_attention_heads", 4},
              {"num_key_value_heads", 2},
              {"head_dim", 12},
              {"intermediate_size", 40},
              {"vocab_size", 50},
              {"max_position_embeddings", 128},
              {"rms_norm_eps", 1e-6},
              {"rope_theta", 500000.0},
              {"tie_word_embeddings", family == "qwen2"},
              {"torch_dtype", type},
              {"bos_token_id", 1},
              {"eos_token_id", {2, 3}}};
  if (family == "llama") {
    config["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", 8.0},
                              {"low_freq_factor", 1.0},
                              {"high_freq_factor", 4.0},
                              {"original_max_position_embeddings", 64}};
  }
  if (family == "jet_nemotron") {
    config["layer_types"] = {"jet", "attn", "swa"};
    config["efficient_attention_config"] = {{"jet",
                                             {{"num_heads", 3},
                                              {"head_dim", 8},
                                              {"expand_v", 2.6666666667},
                                              {"conv_size", 4},
                                              {"dconv_generator_reduction", 7},
                                              {"norm_eps", "1e-5"}}},
                                            {"swa", {{"window_size", 9}}}};
  }
  return config;
}

void expect_same(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_TRUE(a.spec == b.spec) << decoder_config(a.spec).dump() << "\n"
                                << decoder_config(b.spec).dump();
  EXPECT_EQ(a.generation, b.generation);
  EXPECT_EQ(a.chat_template, b.chat_template);
  for (const TensorSpec& spec : decoder_tensors(a.spec)) {
    const Tensor x = a.tensor(spec.name);
    const Tensor y = b.tensor(spec.name);
    ASSERT_EQ(x.type(), y.type()) << spec.name;
    ASSERT_EQ(x.shape(), y.shape()) << spec.name;
    EXPECT_EQ(std::memcmp(x.view().data, y.view().data, static_cast<size_t>(x.view().bytes())), 0)
        << spec.name;
  }
}

using FamilyAndType = std::tuple<std::string, std::string>;
class RoundTrip : public ::testing::TestWithParam<FamilyAndType> {};

TEST_P(RoundTrip, ThroughBothFormatsKeepsEveryBit) {
  const auto& [family, type] = GetParam();
  const fs::path place = scratch(family + "_" + type);
  const Checkpoint made = random_checkpoint(small_config(family, type), "config", 5);
  save_hf_directory(made, place / "hf");
  const Checkpoint hf = open_checkpoint(place / "hf");
  expect_same(made, hf);
  save_gguf_file(hf, place / "model.gguf");
  const Checkpoint gguf = open_checkpoint(place / "model.gguf");
  expect_same(made, gguf);
  save_hf_directory(gguf, place / "again");
  expect_same(made, open_checkpoint(place / "again"));
  save_gguf_file(gguf, place / "again.gguf");
  EXPECT_EQ(read_text_file(place / "model.gguf"), read_text_file(place / "again.gguf"));
}

INSTANTIATE_TEST_SUITE_P(
    Families, RoundTrip,
    ::testing::Combine(::testing::Values("llama", "qwen2", "qwen3", "jet_nemotron"),
                       ::testing::Values("float32", "float16", "bfloat16")),
    [](const auto& test) { return std::get<0>(test.param) + "_" + std::get<1>(test.param); });

TEST(RoundTripOfFixtures, KeepsEveryBit) {
  for (const char* name : {"tiny-tied", "tiny-untied"}) {
    const fs::path place = scratch(name);
    const Checkpoint fixture = open_checkpoint(fs::path(JET_SOURCE_DIR) / "tests/data" / name);
    save_gguf_file(fixture, place / "model.gguf");
    expect_same(fixture, open_checkpoint(place / "model.gguf"));
  }
}

// Llama 3.1 files of other writers have the factors alone; factors of another rule are refused.
TEST(RopeFactors, AreRecognisedAsLlama3s) {
  const fs::path place = scratch("rope_factors");
  Json config = small_config("llama", "float32");
  config["rope_scaling"]["original_max_position_embeddings"] = 8192;
  const Checkpoint made = random_checkpoint(config, "config", 5);
  save_gguf_file(made, place / "ours.gguf");
  Gguf file = read_gguf(place / "ours.gguf");
  GgufMetadata others;
  for (const auto& [key, value] : file.metadata.entries()) {
    if (!key.starts_with("jet.rope_scaling")) others.set(key, value);
  }
  write_gguf(place / "others.gguf", others, file.tensors);
  expect_same(made, open_checkpoint(place / "others.gguf"));

  const auto factors = std::ranges::find(file.tensors, "rope_freqs.weight", &NamedTensor::name);
  ASSERT_NE(factors, file.tensors.end());
  Tensor changed(DType::F32, factors->tensor.shape());
  std::copy_n(factors->tensor.view().f32(), 6, changed.mutable_view().f32());
  changed.mutable_view().f32()[2] *= 1.01f;
  factors->tensor = changed;
  write_gguf(place / "changed.gguf", others, file.tensors);
  EXPECT_THROW(open_checkpoint(place / "changed.gguf"), Error);
}

// Parameters of a file that no writer of models makes: an Error, never a wait or a crash.
TEST(RopeFactors, OddParametersAreRefused) {
  const fs::path place = scratch("odd_rope_factors");
  save_gguf_file(random_checkpoint(small_config("llama", "float32"), "config", 5),
                 place / "good.gguf");
  const Gguf good = read_gguf(place / "good.gguf");
  const auto error_with = [&](const std::function<void(GgufMetadata&, Tensor&)>& change) {
    GgufMetadata metadata = good.metadata;
    std::vector<NamedTensor> tensors = good.tensors;
    const auto factors = std::ranges::find(tensors, "rope_freqs.weight", &NamedTensor::name);
    Tensor changed(DType::F32, factors->tensor.shape());
    std::copy_n(factors->tensor.view().f32(), 6, changed.mutable_view().f32());
    change(metadata, changed);
    factors->tensor = std::move(changed);
    fs::remove(place / "odd.gguf");
    write_gguf(place / "odd.gguf", metadata, tensors);
    try {
      open_checkpoint(place / "odd.gguf");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const auto with_factor = [&](float factor) {
    return error_with(
        [&](GgufMetadata&, Tensor& factors) { factors.mutable_view().f32()[5] = factor; });
  };
  EXPECT_EQ(error_with([](GgufMetadata&, Tensor&) {}), "no error");
  for (const float factor : {NAN, INFINITY, -INFINITY, 0.0f, -1.0f, 1e-30f, 3e38f})
    EXPECT_THAT(with_factor(factor), testing::HasSubstr("rope_freqs.weight")) << factor;
  const auto with_number = [&](const char* key, double value) {
    return error_with([&](GgufMetadata& metadata, Tensor&) { metadata.set_number(key, value); });
  };
  for (const double theta : {0.0, -1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    EXPECT_NE(with_number("llama.rope.freq_base", theta), "no error") << theta;
  for (const double factor : {0.0, -8.0, 0.5, static_cast<double>(NAN)})
    EXPECT_NE(with_number("jet.rope_scaling.factor", factor), "no error") << factor;
  EXPECT_NE(with_number("jet.rope_scaling.high_frequency_factor", 0), "no error");
  EXPECT_THAT(error_with([](GgufMetadata& metadata, Tensor&) {
                metadata.set_integer("jet.rope_scaling.original_context_length", 0);
              }),
              testing::HasSubstr("original_context_length"));
  EXPECT_THAT(error_with([](GgufMetadata&, Tensor& factors) { factors = Tensor(DType::F32, {5}); }),
              testing::HasSubstr("expected f32 [6]"));
}

// Row 2i + j of a head in a llama GGUF file is row i + j d/2 of the Hugging Face file.
TEST(RopeRows, OfLlamaFilesAreInterleaved) {
  const fs::path place = scratch("rope");
  const Checkpoint made = random_checkpoint(small_config("llama", "float32"), "config", 5);
  save_gguf_file(made, place / "model.gguf");
  const Checkpoint gguf = open_checkpoint(place / "model.gguf");
  const std::string name = "model.layers.1.self_attn.k_proj.weight";
  const ConstTensorView ours = made.tensors.at(name).view();
  const ConstTensorView theirs = gguf.tensors.at(name).view();
  for (int64_t head = 0; head < 2; ++head) {
    for (int64_t i = 0; i < 6; ++i) {
      for (int64_t j = 0; j < 2; ++j) {
        EXPECT_EQ(theirs.f32()[(head * 12 + 2 * i + j) * 32 + 7],
                  ours.f32()[(head * 12 + i + j * 6) * 32 + 7]);
      }
    }
  }
}

TEST(HfDirectory, IsCutIntoShardsAndReadAgain) {
  const fs::path place = scratch("shards");
  const Checkpoint made = random_checkpoint(small_config("jet_nemotron", "bfloat16"), "config", 5);
  save_hf_directory(made, place / "hf", {.shard_bytes = 5000});
  EXPECT_TRUE(fs::exists(place / "hf/model.safetensors.index.json"));
  EXPECT_FALSE(fs::exists(place / "hf/model.safetensors"));
  expect_same(made, open_checkpoint(place / "hf"));
}

TEST(HfDirectory, IsNeverOverwritten) {
  const fs::path place = scratch("overwrite");
  const Checkpoint made = random_checkpoint(small_config("llama", "float32"), "config", 5);
  EXPECT_THROW(save_hf_directory(made, place), Error);
  save_gguf_file(made, place / "model.gguf");
  EXPECT_THROW(save_gguf_file(made, place / "model.gguf"), Error);
}

TEST(RandomInit, TheSameSeedGivesTheSameBits) {
  const Json config = small_config("jet_nemotron", "bfloat16");
  expect_same(random_checkpoint(config, "config", 5), random_checkpoint(config, "config", 5));
  const Checkpoint a = random_checkpoint(config, "config", 5);
  const Checkpoint b = random_checkpoint(config, "config", 6);
  const std::string name = "model.embed_tokens.weight";
  EXPECT_NE(std::memcmp(a.tensor(name).view().data, b.tensor(name).view().data, 100), 0);
}

// model.md: A_log = log A with A in U(0, 16); dt_bias = softplus^-1(dt) with dt log-uniform in
// [1e-3, 0.1].
TEST(RandomInit, FollowsTheBlocksOwnRules) {
  Json config = small_config("jet_nemotron", "bfloat16");
  config["efficient_attention_config"]["jet"]["num_heads"] = 500;
  const Checkpoint made = random_checkpoint(config, "config", 5);
  const std::string prefix = "model.layers.0.self_attn.";
  const ConstTensorView a_log = made.tensor(prefix + "A_log").view();
  const ConstTensorView dt_bias = made.tensor(prefix + "dt_bias").view();
  double mean = 0;
  for (int i = 0; i < 500; ++i) {
    const double a = std::exp(a_log.f32()[i]);
    EXPECT_GT(a, 0);
    EXPECT_LE(a, 16.0001);
    mean += a / 500;
    const double dt = std::log1p(std::exp(static_cast<double>(dt_bias.f32()[i])));
    EXPECT_GT(dt, 0.99e-3);
    EXPECT_LT(dt, 0.101);
  }
  EXPECT_NEAR(mean, 8, 4 * 4.62 / std::sqrt(500.0));  // four deviations of the mean
  const Tensor w2 = made.tensor(prefix + "dynamic_conv1d.kernel_generator.w2.weight");
  for (int64_t i = 0; i < w2.view().bytes(); ++i) ASSERT_EQ(w2.view().data[i], std::byte{0});
}

}  // namespace
}  // namespace jet
