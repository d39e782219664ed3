// Tiles stand for the numbers of the blocks that they were made of.
#include "ops/linear/tiles.h"

#include <cstring>

#include <gtest/gtest.h>

#include <jet/error.h>

#include "core/block_types/block_types.h"
#include "core/block_types/q4_k.h"
#include "core/half.h"
#include "ops/testing/random_weight.h"

namespace jet {
namespace {

constexpr DType kTypes[] = {DType::Q8_0, DType::Q4_0, DType::Q4_1, DType::Q5_0,
                            DType::Q5_1, DType::Q4_K, DType::Q5_K, DType::Q6_K};

float half_at(const std::byte* from) {
  uint16_t bits = 0;
  std::memcpy(&bits, from, 2);
  return f16_to_float(bits);
}

// Number k of row `row`, as the head of tiles.h defines it.
float number_in(const std::byte* tiles, DType type, int64_t in, int64_t row, int64_t k) {
  const TileFormat format = tile_format(type);
  const std::byte* unit =
      tiles + (row / kTileRows * format.units(in) + k / format.numbers()) * format.unit_bytes();
  const auto in_tile = static_cast<int>(row % kTileRows);
  const auto in_unit = static_cast<int>(k % format.numbers());
  const QuantPlace place = quant_place(format, in_tile, in_unit);
  const auto byte = static_cast<uint8_t>(unit[place.byte]);
  int q = static_cast<int8_t>(byte);
  if (format.bits == 4) q = (byte >> place.shift & 15) - (format.has_minimum ? 0 : 8);
  const std::byte* scale = unit + scale_place(format, in_tile, in_unit);
  return half_at(scale) * static_cast<float>(q) + (format.has_minimum ? half_at(scale + 2) : 0.0f);
}

// The K formats' scales are rounded to 11 bits: for quants up to 32 of groups whose scale and
// minimum are up to s, an error of 33 s 2^-12.
TEST(Tiles, HoldTheNumbersOfTheBlocks) {
  ThreadPool threads(3);
  for (const DType type : kTypes) {
    const bool is_k = block_elements(type) == 256;
    for (const int64_t in : {block_elements(type), 3 * block_elements(type)}) {
      for (const int64_t out : {1, 16, 37}) {
        const Weight weight = testing::random_weight(type, out, in, 1, 1.0);
        std::vector<std::byte> tiles(static_cast<size_t>(tiles_bytes(type, out, in)),
                                     std::byte{0xa5});
        make_tiles(threads, weight.tensor.view(), 0, out, tiles.data());
        std::vector<float> row(static_cast<size_t>(in));
        for (int64_t r = 0; r < out; ++r) {
          decode_row(type, weight.tensor.view().data + r * row_bytes(type, in), in, row.data());
          for (int64_t k = 0; k < in; ++k) {
            ASSERT_NEAR(number_in(tiles.data(), type, in, r, k), row[static_cast<size_t>(k)],
                        is_k ? 4e-3 : 0)
                << name(type) << " [" << out << ", " << in << "], row " << r << ", number " << k;
          }
        }
      }
    }
  }
}

TEST(Tiles, OfPartsAreThoseOfTheWhole) {
  ThreadPool threads(1);
  const Weight weight = testing::random_weight(DType::Q6_K, 40, 512, 1, 1.0);
  const auto bytes = static_cast<size_t>(tiles_bytes(DType::Q6_K, 40, 512));
  std::vector<std::byte> whole(bytes), parts(bytes);
  make_tiles(threads, weight.tensor.view(), 0, 40, whole.data());
  make_tiles(threads, weight.tensor.view(), 0, 32, parts.data());
  make_tiles(threads, weight.tensor.view(), 32, 40,
             parts.data() + tiles_bytes(DType::Q6_K, 32, 512));
  EXPECT_EQ(whole, parts);
}

// Rows and numbers that are not there multiply to nothing.
TEST(Tiles, AreFilledUpWithZeros) {
  ThreadPool threads(1);
  const Weight weight = testing::random_weight(DType::Q4_1, 3, 96, 1, 1.0);
  std::vector<std::byte> tiles(static_cast<size_t>(tiles_bytes(DType::Q4_1, 3, 96)),
                               std::byte{0xa5});
  make_tiles(threads, weight.tensor.view(), 0, 3, tiles.data());
  for (int64_t r = 0; r < 16; ++r) {
    for (int64_t k = r < 3 ? 96 : 0; k < 128; ++k)
      ASSERT_EQ(number_in(tiles.data(), DType::Q4_1, 96, r, k), 0) << r << ", " << k;
  }
}

TEST(Tiles, RefuseAScaleBeyondBinary16) {
  ThreadPool threads(1);
  Weight weight = testing::random_weight(DType::Q4_K, 2, 256, 1, 1.0);
  auto* block = reinterpret_cast<BlockQ4_K*>(weight.tensor.mutable_view().data) + 1;
  block->d = 0x7bff;  // 65504
  block->scales.fill(63);
  std::vector<std::byte> tiles(static_cast<size_t>(tiles_bytes(DType::Q4_K, 2, 256)));
  try {
    make_tiles(threads, weight.tensor.view(), 0, 2, tiles.data());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "a q4_k matrix has a scale beyond binary16 in row 1; --dtype bf16 widens its "
                 "blocks");
  }
}

}  // namespace
}  // namespace jet
