// Sizes of states and weights, against the published figures of Jet-Nemotron (model.md of the
// design: 2B and 4B).
#include "models/memory_report.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace jet {
namespace {

DecoderSpec config(const std::string& name) {
  return open_decoder_spec(JET_SOURCE_DIR "/tests/data/configs/" + name);
}

constexpr StateTypes kPublished{
    .attention = DType::BF16, .recurrence = DType::F32, .convolution = DType::BF16};

TEST(MemoryReport, GivesThePublishedSizesOf2B) {
  const DecoderSpec spec = config("jet-nemotron-2B.json");
  EXPECT_EQ(parameter_count(spec), 1'964'806'208);
  const StateSizes sizes = state_sizes(spec, kPublished);
  EXPECT_EQ(sizes.recurrent, 24 * 12 * 96 * 256 * 4);
  EXPECT_EQ(sizes.convolution, 24 * 3 * 12 * 256 * 2);
  EXPECT_EQ(sizes.window, 2 * 1152 * 2 * 2 * 128 * 2);
  EXPECT_EQ(sizes.kv_per_token, 2048);
}

TEST(MemoryReport, GivesThePublishedSizesOf4B) {
  const DecoderSpec spec = config("jet-nemotron-4B.json");
  EXPECT_EQ(parameter_count(spec), 3'960'424'768);
  const StateSizes sizes = state_sizes(spec, kPublished);
  EXPECT_EQ(sizes.recurrent, 26 * 16 * 128 * 256 * 4);
  EXPECT_EQ(sizes.convolution, 26 * 3 * 16 * 256 * 2);
  EXPECT_EQ(sizes.window, 7 * 2048 * 2 * 2 * 128 * 2);
  EXPECT_EQ(sizes.kv_per_token, 3072);
}

TEST(MemoryReport, AddsFixedAndGrowingStates) {
  const StateSizes sizes{.recurrent = 1000, .convolution = 100, .window = 10, .kv_per_token = 2};
  EXPECT_EQ(sizes.at(0), 1110);
  EXPECT_EQ(sizes.at(50), 1210);
  EXPECT_THROW(sizes.at(int64_t{1} << 62), Error);
}

TEST(MemoryReport, GroupsLayersByKind) {
  const auto groups = layer_groups(config("jet-nemotron-2B.json"));
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].kind, "jet");
  EXPECT_EQ(groups[0].layers.size(), 24u);
  EXPECT_EQ(groups[1].layers, (std::vector<int64_t>{14, 19}));
  EXPECT_EQ(groups[2].layers, (std::vector<int64_t>{20, 21}));
}

TEST(MemoryReport, CountsStoredBytesInTheConfigsType) {
  const DecoderSpec spec = config("jet-nemotron-2B.json");
  const int64_t in_float32 = 24 * 2 * 12;  // A_log and dt_bias of each JetBlock
  EXPECT_EQ(stored_bytes(spec), 2 * parameter_count(spec) + 2 * in_float32);
}

TEST(MemoryReport, ComparesWithAttentionInEveryLayer) {
  const StateSizes plain =
      state_sizes(plain_transformer(config("jet-nemotron-2B.json")), kPublished);
  EXPECT_EQ(plain, (StateSizes{.kv_per_token = 28 * 1024}));
}

TEST(MemoryReport, CountsWhatAStepMoves) {
  const DecoderSpec spec = config("jet-nemotron-2B.json");
  const int64_t row = 2 * 2 * 128 * 2;  // k and v of one layer and token
  const int64_t fixed = 2 * (24 * 12 * 96 * 256 * 4 + 24 * 3 * 12 * 256 * 2);
  const int64_t at_100 = fixed + 4 * row * (100 + 1);
  EXPECT_EQ(step_bytes(spec, kPublished, 1000, 3, 100), 1000 + 3 * at_100);
  const int64_t at_5000 = fixed + 2 * row * (5000 + 1) + 2 * row * (1152 + 1);
  EXPECT_EQ(step_bytes(spec, kPublished, 0, 1, 5000), at_5000);
}

}  // namespace
}  // namespace jet
