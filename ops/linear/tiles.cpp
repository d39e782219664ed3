#include "ops/linear/tiles.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "core/block_types/q4_0.h"
#include "core/block_types/q4_1.h"
#include "core/block_types/q4_k.h"
#include "core/block_types/q5_0.h"
#include "core/block_types/q5_1.h"
#include "core/block_types/q5_k.h"
#include "core/block_types/q5_quants.h"
#include "core/block_types/q6_k.h"
#include "core/block_types/q8_0.h"
#include "core/error.h"
#include "core/half.h"

namespace jet {
namespace {

constexpr int64_t kGroupNumbers = 32;

// 32 numbers of a row.
struct Group {
  std::array<uint8_t, 32> quants;
  std::array<uint16_t, 2> scales;  // binary16, of the first and the second 16
  uint16_t minimum = 0;            // binary16
};

void split_nibbles(const std::array<uint8_t, 16>& pairs, std::array<uint8_t, 32>& quants) {
  for (size_t j = 0; j < 16; ++j) {
    quants[j] = pairs[j] & 15;
    quants[j + 16] = pairs[j] >> 4;
  }
}

void less(std::array<uint8_t, 32>& quants, int offset) {
  for (uint8_t& q : quants) q = static_cast<uint8_t>(q - offset);
}

template <typename Block>
Group read_block(const Block& block) {
  Group group{};
  if constexpr (requires { block.high; }) {
    group.quants = unpack_q5(block);
  } else {
    split_nibbles(block.quants, group.quants);
  }
  group.scales = {block.d, block.d};
  if constexpr (requires { block.m; }) group.minimum = block.m;
  return group;
}

Group read_block(const BlockQ8_0& block) {
  Group group{};
  std::memcpy(group.quants.data(), block.quants.data(), 32);
  group.scales = {block.d, block.d};
  return group;
}

// Group g of a Q4_K or Q5_K block.
template <typename Block>
Group read_k(const Block& block, size_t g) {
  Group group{};
  for (size_t j = 0; j < 32; ++j) {
    const uint8_t pair = block.quants[32 * (g / 2) + j];
    group.quants[j] = static_cast<uint8_t>(g % 2 == 0 ? pair & 15 : pair >> 4);
    if constexpr (requires { block.high; })
      group.quants[j] = static_cast<uint8_t>(group.quants[j] | (block.high[j] >> g & 1) << 4);
  }
  const auto [scale, minimum] = unpack_scale(block.scales, g);
  const uint16_t d = float_to_f16(f16_to_float(block.d) * static_cast<float>(scale));
  group.scales = {d, d};
  group.minimum = float_to_f16(-f16_to_float(block.dmin) * static_cast<float>(minimum));
  return group;
}

Group read_k(const BlockQ6_K& block, size_t g) {
  Group group{};
  const size_t half = g / 4, k = g % 4;
  for (size_t j = 0; j < 32; ++j) {
    const uint8_t low = block.low[64 * half + 32 * (k % 2) + j];
    const uint8_t high = block.high[32 * half + j];
    group.quants[j] =
        static_cast<uint8_t>((k < 2 ? low & 15 : low >> 4) | (high >> (2 * k) & 3) << 4);
  }
  less(group.quants, 32);
  for (size_t i = 0; i < 2; ++i) {
    group.scales[i] =
        float_to_f16(f16_to_float(block.d) * static_cast<float>(block.scales[2 * g + i]));
  }
  return group;
}

// Blocks of a mapped file may lie at any even address: they are read as bytes and 16-bit numbers.
template <typename Block>
const Block& block_at(const std::byte* row, int64_t index) {
  return reinterpret_cast<const Block*>(row)[index];
}

// Numbers 32 g to 32 g + 31 of a row.
Group read_group(DType type, const std::byte* row, int64_t g) {
  const auto of_eight = static_cast<size_t>(g % 8);
  switch (type) {
    case DType::Q8_0:
      return read_block(block_at<BlockQ8_0>(row, g));
    case DType::Q4_0:
      return read_block(block_at<BlockQ4_0>(row, g));
    case DType::Q4_1:
      return read_block(block_at<BlockQ4_1>(row, g));
    case DType::Q5_0: {
      Group group = read_block(block_at<BlockQ5_0>(row, g));
      less(group.quants, 16);
      return group;
    }
    case DType::Q5_1:
      return read_block(block_at<BlockQ5_1>(row, g));
    case DType::Q4_K:
      return read_k(block_at<BlockQ4_K>(row, g / 8), of_eight);
    case DType::Q5_K:
      return read_k(block_at<BlockQ5_K>(row, g / 8), of_eight);
    default:
      JET_CHECK(type == DType::Q6_K);
      return read_k(block_at<BlockQ6_K>(row, g / 8), of_eight);
  }
}

bool is_finite_half(uint16_t half) { return (half & 0x7c00u) != 0x7c00u; }

// Writes a group of row `row` (of the tile) from number k of a unit on.
void write_group(const TileFormat& format, const Group& group, int row, int k, std::byte* unit) {
  for (int i = 0; i < kGroupNumbers; ++i) {
    const QuantPlace place = quant_place(format, row, k + i);
    unit[place.byte] |= static_cast<std::byte>(group.quants[static_cast<size_t>(i)]) << place.shift;
  }
  for (int i = 0; i < kGroupNumbers; i += format.group) {
    std::byte* scale = unit + scale_place(format, row, k + i);
    std::memcpy(scale, &group.scales[static_cast<size_t>(i / 16)], 2);
    if (format.has_minimum) std::memcpy(scale + 2, &group.minimum, 2);
  }
}

}  // namespace

void make_tiles(ThreadPool& threads, const ConstTensorView& matrix, int64_t begin, int64_t end,
                std::byte* tiles) {
  const TileFormat format = tile_format(matrix.type);
  JET_CHECK(format.bits != 0 && begin % kTileRows == 0);
  const int64_t in = matrix.shape[1], stride = row_bytes(matrix.type, in);
  const int64_t tile_bytes = format.units(in) * format.unit_bytes();
  std::atomic<int64_t> bad_row = -1;
  const int64_t count = (end - begin + kTileRows - 1) / kTileRows;
  threads.parallel_for(count, 1, [&](int64_t first, int64_t last, int) {
    std::memset(tiles + first * tile_bytes, 0, static_cast<size_t>((last - first) * tile_bytes));
    for (int64_t r = begin + first * kTileRows; r < std::min(end, begin + last * kTileRows); ++r) {
      std::byte* tile = tiles + (r - begin) / kTileRows * tile_bytes;
      for (int64_t k = 0; k < in; k += kGroupNumbers) {
        const Group group = read_group(matrix.type, matrix.data + r * stride, k / kGroupNumbers);
        if (!is_finite_half(group.scales[0]) || !is_finite_half(group.scales[1]) ||
            !is_finite_half(group.minimum)) {
          bad_row = r;
        }
        write_group(format, group, static_cast<int>(r % kTileRows),
                    static_cast<int>(k % format.numbers()),
                    tile + k / format.numbers() * format.unit_bytes());
      }
    }
  });
  if (bad_row >= 0) {
    fail("a {} matrix has a scale beyond binary16 in row {}; --dtype bf16 widens its blocks",
         name(matrix.type), bad_row.load());
  }
}

}  // namespace jet
