// Scales that are infinite or NaN, in every block format.
#include "models/block_scales.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/block_types/block_types.h"
#include "core/error.h"
#include "models/quantise.h"

namespace jet {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kRows = 100;
constexpr int64_t kWidth = 512;

Tensor ones(DType type) {
  Tensor tensor(type, {kRows, kWidth});
  const std::vector<float> row(kWidth, 1.0f);
  for (int64_t r = 0; r < kRows; ++r)
    encode_row(type, row.data(), kWidth, tensor.mutable_view().data + r * row_bytes(type, kWidth));
  return tensor;
}

TEST(BlockScales, NamesTheFirstBadRow) {
  struct Case {
    DType type;
    int64_t scale;  // a byte of the row
  };
  for (const int count : {1, 3}) {
    ThreadPool threads(count);
    for (const auto& [type, scale] :
         {Case{DType::Q4_0, 18}, Case{DType::Q4_1, 22}, Case{DType::Q5_0, 22},
          Case{DType::Q5_1, 26}, Case{DType::Q8_0, 34}, Case{DType::Q4_K, 146},
          Case{DType::Q5_K, 2}, Case{DType::Q6_K, 208}}) {
      Tensor tensor = ones(type);
      EXPECT_NO_THROW(expect_finite_scales(tensor, "w", "file", threads)) << name(type);
      constexpr uint16_t kMinusInfinity = 0xfc00;
      for (const int64_t row : {90, 40, 41}) {
        std::memcpy(tensor.mutable_view().data + row * row_bytes(type, kWidth) + scale,
                    &kMinusInfinity, sizeof(kMinusInfinity));
      }
      EXPECT_THAT([&] { expect_finite_scales(tensor, "w", "file", threads); },
                  ThrowsMessage<Error>(HasSubstr("file: tensor w, row 40: the scale of a block")))
          << name(type);
    }
  }
}

TEST(BlockScales, AreAskedOfEveryTensorThatADecoderTakes) {
  Checkpoint checkpoint = open_checkpoint(JET_SOURCE_DIR "/tests/data/tiny-tied");
  ThreadPool threads(1);
  convert_tensors(checkpoint, quantisation_plan(checkpoint.spec, DType::Q8_0).tensors, threads, {});
  const std::string name = "model.layers.2.mlp.up_proj.weight";
  EXPECT_NO_THROW(checkpoint.source()(name));
  checkpoint.tensors.at(name).mutable_view().data[1] = std::byte{0x7c};  // infinity
  EXPECT_THAT([&] { checkpoint.source()(name); }, ThrowsMessage<Error>(HasSubstr(name)));
}

}  // namespace
}  // namespace jet
