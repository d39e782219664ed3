// Conversion of a checkpoint's tensors, and stopping while one is written.
#include "models/convert.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/half.h"
#include "models/files/gguf_file.h"
#include "models/files/hf_directory.h"

namespace jet {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr const char* kModel = JET_SOURCE_DIR "/tests/data/tiny-untied";
constexpr const char* kEmbedding = "model.embed_tokens.weight";

fs::path empty_folder(const std::string& name) {
  const fs::path path = fs::path(testing::TempDir()) / ("convert_" + name);
  fs::remove_all(path);
  fs::create_directories(path);
  return path;
}

ThreadPool threads(2);

TEST(ConvertTensors, RoundsEveryNumberToTheType) {
  const Checkpoint before = open_checkpoint(kModel);
  Checkpoint after = before;
  convert_tensors(after, DType::BF16, threads);
  const Tensor from = before.tensors.at(kEmbedding);
  const Tensor to = after.tensors.at(kEmbedding);
  ASSERT_EQ(to.type(), DType::BF16);
  const auto* numbers = reinterpret_cast<const uint16_t*>(to.view().data);
  for (int64_t i = 0; i < from.shape().elements(); ++i) {
    ASSERT_EQ(numbers[i], float_to_bf16(from.view().f32()[i])) << i;
  }
}

TEST(ConvertTensors, KeepsDecayRatesInFloat32AndTellsTheConfig) {
  Checkpoint checkpoint = open_checkpoint(kModel);
  convert_tensors(checkpoint, DType::F16, threads);
  EXPECT_EQ(checkpoint.tensors.at("model.layers.1.self_attn.A_log").type(), DType::F32);
  EXPECT_EQ(checkpoint.tensors.at("model.layers.1.self_attn.q_proj.weight").type(), DType::F16);
  EXPECT_EQ(checkpoint.config["torch_dtype"], "float16");
  EXPECT_EQ(checkpoint.spec.stored_type, DType::F16);
}

TEST(ConvertTensors, RefusesNumbersThatF16CannotHold) {
  Checkpoint checkpoint = open_checkpoint(kModel);
  Tensor large(DType::F32, checkpoint.tensors.at(kEmbedding).shape());
  large.mutable_view().f32()[5] = 65504;  // the largest
  checkpoint.tensors[kEmbedding] = large;
  EXPECT_NO_THROW(convert_tensors(checkpoint, DType::F16, threads));

  large.mutable_view().f32()[5] = -65520;  // would round to infinity
  checkpoint.tensors[kEmbedding] = large;
  EXPECT_THAT([&] { convert_tensors(checkpoint, DType::F16, threads); },
              ThrowsMessage<Error>(HasSubstr("model.embed_tokens.weight, row 0: holds -65520")));
}

TEST(ConvertTensors, ReportsEveryNumber) {
  Checkpoint checkpoint = open_checkpoint(kModel);
  int64_t last = 0;
  convert_tensors(checkpoint, DType::BF16, threads, [&](int64_t done, int64_t all) {
    EXPECT_GT(done, last);
    EXPECT_EQ(all, parameter_count(checkpoint.spec));
    last = done;
  });
  EXPECT_EQ(last, parameter_count(checkpoint.spec));
}

TEST(SetStoredType, WritesTheFieldThatIsThere) {
  Json older{{"torch_dtype", "float32"}};
  set_stored_type(older, DType::BF16);
  EXPECT_EQ(older, (Json{{"torch_dtype", "bfloat16"}}));
  Json newer{{"dtype", "float32"}};
  set_stored_type(newer, DType::F16);
  EXPECT_EQ(newer, (Json{{"dtype", "float16"}}));
}

TEST(SaveCheckpoint, LeavesNothingWhenStopped) {
  struct Stop {};
  const Checkpoint checkpoint = open_checkpoint(kModel);
  const fs::path folder = empty_folder("stopped");
  int64_t tensors = 0;
  const OnWritten stop = [&](int64_t bytes) {
    EXPECT_GT(bytes, 0);
    if (++tensors == 3) throw Stop{};
  };
  EXPECT_THROW(save_gguf_file(checkpoint, folder / "model.gguf", stop), Stop);
  tensors = 0;
  EXPECT_THROW(save_hf_directory(checkpoint, folder / "model", {.on_written = stop}), Stop);
  EXPECT_TRUE(fs::is_empty(folder));
}

}  // namespace
}  // namespace jet
