// Which tensors become blocks of which format, and what the bytes are.
#include "models/quantise.h"

#include <cmath>
#include <cstring>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/block_types/block_types.h"
#include "core/error.h"
#include "models/random_init.h"

namespace jet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Rows of 256 (hidden) are whole blocks of every format, rows of 320 (MLP) of those of 32, rows of
// 48 (a JetBlock's values) of none.
Json hybrid_config(bool tied) {
  return {{"model_type", "jet_nemotron"},
          {"hidden_size", 256},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"intermediate_size", 320},
          {"vocab_size", 64},
          {"max_position_embeddings", 128},
          {"rms_norm_eps", 1e-6},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", tied},
          {"torch_dtype", "float32"},
          {"layer_types", {"jet", "attn"}},
          {"efficient_attention_config",
           {{"jet",
             {{"num_heads", 3},
              {"head_dim", 8},
              {"expand_v", 2},
              {"conv_size", 4},
              {"dconv_generator_reduction", 4},
              {"norm_eps", 1e-5}}}}}};
}

Checkpoint hybrid(bool tied) { return random_checkpoint(hybrid_config(tied), "config", 1); }

std::map<std::string, DType> planned(const Checkpoint& checkpoint, DType type) {
  std::map<std::string, DType> types;
  for (const auto& [name, planned] : quantisation_plan(checkpoint.spec, type).tensors)
    types[name] = planned;
  return types;
}

TEST(QuantisationPlan, TakesTheNextFormatThatDividesARow) {
  const Checkpoint checkpoint = hybrid(true);
  const auto q4_k = planned(checkpoint, DType::Q4_K);
  EXPECT_EQ(q4_k.at("model.layers.0.self_attn.q_proj.weight"), DType::Q4_K);
  EXPECT_EQ(q4_k.at("model.layers.1.mlp.down_proj.weight"), DType::Q5_0);
  EXPECT_EQ(q4_k.at("model.layers.0.self_attn.o_proj.weight"), DType::F16);
  EXPECT_EQ(planned(checkpoint, DType::Q5_K).at("model.layers.1.mlp.down_proj.weight"),
            DType::Q5_1);
  EXPECT_EQ(planned(checkpoint, DType::Q6_K).at("model.layers.1.mlp.down_proj.weight"),
            DType::Q8_0);
  for (const DType type : {DType::Q4_0, DType::Q4_1, DType::Q5_0, DType::Q5_1, DType::Q8_0}) {
    EXPECT_EQ(planned(checkpoint, type).at("model.layers.1.mlp.down_proj.weight"), type);
    EXPECT_EQ(planned(checkpoint, type).at("model.layers.0.self_attn.o_proj.weight"), DType::F16);
  }
}

TEST(QuantisationPlan, NamesEachFallback) {
  const QuantisationPlan plan = quantisation_plan(hybrid(true).spec, DType::Q4_K);
  std::map<std::string, Fallback> fallbacks;
  for (const Fallback& fallback : plan.fallbacks) fallbacks[fallback.tensor] = fallback;
  // Both layers' down_proj, the JetBlock's o_proj, and its generator's second matrix.
  EXPECT_EQ(fallbacks.size(), 4u);
  const Fallback& down = fallbacks.at("model.layers.0.mlp.down_proj.weight");
  EXPECT_EQ(down.width, 320);
  EXPECT_EQ(down.asked, DType::Q4_K);
  EXPECT_EQ(down.type, DType::Q5_0);
}

TEST(QuantisationPlan, LeavesVectorsAndGates) {
  const auto types = planned(hybrid(true), DType::Q8_0);
  for (const TensorSpec& spec : decoder_tensors(hybrid(true).spec)) {
    const bool gate = spec.name.ends_with("a_proj.weight") || spec.name.ends_with("b_proj.weight");
    EXPECT_EQ(types.contains(spec.name), spec.shape.rank() == 2 && !gate) << spec.name;
  }
}

TEST(QuantisationPlan, GivesTheHeadSixBitsAtLeast) {
  const std::string embedding = "model.embed_tokens.weight";
  EXPECT_EQ(planned(hybrid(true), DType::Q4_0).at(embedding), DType::Q6_K);
  EXPECT_EQ(planned(hybrid(true), DType::Q8_0).at(embedding), DType::Q8_0);
  EXPECT_EQ(planned(hybrid(false), DType::Q4_0).at(embedding), DType::Q4_0);
  EXPECT_EQ(planned(hybrid(false), DType::Q4_0).at("lm_head.weight"), DType::Q6_K);
}

// Rows are encoded one by one: the threads only share them out.
TEST(Quantise, GivesTheBytesOfEncodeRowOnAnyNumberOfThreads) {
  const Checkpoint before = hybrid(true);
  for (const int count : {1, 3}) {
    ThreadPool threads(count);
    Checkpoint after = before;
    convert_tensors(after, quantisation_plan(before.spec, DType::Q4_K).tensors, threads, {});
    const std::string name = "model.layers.1.mlp.gate_proj.weight";
    const ConstTensorView from = before.tensors.at(name).view();
    const ConstTensorView to = after.tensors.at(name).view();
    ASSERT_EQ(to.type, DType::Q4_K);
    std::vector<std::byte> expected(static_cast<size_t>(to.bytes()));
    encode_row(DType::Q4_K, from.f32(), from.shape.elements(), expected.data());
    EXPECT_EQ(std::memcmp(to.data, expected.data(), expected.size()), 0);
  }
}

TEST(Quantise, NamesTheFirstRowThatIsNotFinite) {
  Checkpoint checkpoint = hybrid(true);
  const std::string name = "model.layers.1.mlp.up_proj.weight";
  Tensor bad(DType::F32, checkpoint.tensors.at(name).shape());
  bad.mutable_view().f32()[300 * 256 + 5] = NAN;
  bad.mutable_view().f32()[20 * 256 + 7] = INFINITY;
  checkpoint.tensors[name] = bad;
  const auto plan = quantisation_plan(checkpoint.spec, DType::Q5_0).tensors;
  for (const int count : {1, 2, 7}) {
    ThreadPool threads(count);
    EXPECT_THAT(
        [&] { convert_tensors(checkpoint, plan, threads, {}); },
        ThrowsMessage<Error>(AllOf(HasSubstr(name + ", row 20: number 7"), HasSubstr("inf"))));
  }
}

}  // namespace
}  // namespace jet
