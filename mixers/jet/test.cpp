// JetBlock: prompts equal decoding, batches equal single sequences, sizes as published.
#include <nlohmann/json.hpp>

#include <jet/error.h>

#include "mixers/jet/spec.h"
#include "mixers/testing/mixer_test.h"

namespace jet {
namespace {

JetBlockSpec jet_spec(int64_t heads, int64_t key_dim, double expand_v, int64_t taps,
                      int64_t reduction) {
  JetBlockSpec spec;
  spec.hidden = 20;
  spec.heads = heads;
  spec.key_dim = key_dim;
  spec.expand_v = expand_v;
  spec.taps = taps;
  spec.reduction = reduction;
  return spec;
}

TEST(JetBlock, PrefillEqualsStepByStep) {
  testing::expect_prefill_equals_steps(jet_spec(2, 24, 2.6666666667, 4, 8), 20, 70);
  testing::expect_prefill_equals_steps(jet_spec(3, 5, 1, 1, 3), 20, 20);
  testing::expect_prefill_equals_steps(jet_spec(1, 16, 0.5, 2, 1), 20, 20);
  testing::expect_prefill_equals_steps(jet_spec(4, 7, 3, 9, 4), 20, 20);
}

TEST(JetBlock, RaggedBatchEqualsEachAlone) {
  testing::expect_ragged_batch_equals_alone(jet_spec(2, 24, 2.6666666667, 4, 8), 20);
  testing::expect_ragged_batch_equals_alone(jet_spec(3, 5, 1, 1, 3), 20);
}

TEST(JetBlock, RoundsTheValueWidthToTheNearestInteger) {
  EXPECT_EQ(jet_spec(12, 96, 2.6666666667, 4, 8).value_dim(), 256);
  EXPECT_EQ(jet_spec(2, 24, 2.6666666667, 4, 8).value_dim(), 64);
  EXPECT_EQ(jet_spec(9, 64, 1.0, 4, 8).value_dim(), 64);
}

// model.md's table: 2B has 24 such layers with 28.31 MB of float32 state and 0.44 MB of bf16 rows.
TEST(JetBlock, StatesHaveThePublishedSizes) {
  JetBlockSpec spec = jet_spec(12, 96, 2.6666666667, 4, 8);
  const StateTypes types{.convolution = DType::BF16};
  const StateSpec state = spec.state();
  EXPECT_EQ(24 * state_fixed_bytes(state[0], types), 28'311'552);
  EXPECT_EQ(24 * state_fixed_bytes(state[1], types), 442'368);
}

TEST(JetBlock, RefusesFieldsOutOfRange) {
  const ModelShape model{.hidden = 20};
  const Json good{{"num_heads", 2},
                  {"head_dim", 8},
                  {"expand_v", 2.0},
                  {"conv_size", 4},
                  {"dconv_generator_reduction", 4},
                  {"norm_eps", "1e-5"}};
  EXPECT_DOUBLE_EQ(
      dynamic_cast<const JetBlockSpec&>(*parse_jet_block(model, Fields(good, "c"))).norm_eps, 1e-5);
  for (const auto& [key, value] : std::map<std::string, Json>{{"num_heads", 0},
                                                              {"head_dim", -1},
                                                              {"expand_v", 0.01},
                                                              {"expand_v", "nan"},
                                                              {"conv_size", 0},
                                                              {"dconv_generator_reduction", 33},
                                                              {"norm_eps", "x"}}) {
    Json bad = good;
    bad[key] = value;
    EXPECT_THROW(parse_jet_block(model, Fields(bad, "c")), Error) << key;
  }
}

}  // namespace
}  // namespace jet
