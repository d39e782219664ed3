// Decoding: blocks worked out by hand, and random bytes against each format's formula one number at
// a time.
#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "core/block_types/block_types.h"
#include "core/block_types/floats.h"
#include "core/block_types/q4_0.h"
#include "core/block_types/q4_1.h"
#include "core/block_types/q4_k.h"
#include "core/block_types/q5_0.h"
#include "core/block_types/q5_1.h"
#include "core/block_types/q5_k.h"
#include "core/block_types/q6_k.h"
#include "core/block_types/q8_0.h"
#include "core/half.h"
#include "core/random.h"

namespace jet {
namespace {

constexpr uint16_t kTwo = 0x4000;  // as binary16
constexpr uint16_t kOne = 0x3c00;
constexpr uint16_t kHalf = 0x3800;
constexpr uint16_t kMinusOne = 0xbc00;

TEST(BlockLayout, Q4_0ByHand) {
  BlockQ4_0 block{kTwo, {}};
  for (size_t j = 0; j < 16; ++j) block.quants[j] = static_cast<uint8_t>(j | (15 - j) << 4);
  std::vector<float> out(32);
  decode_q4_0(&block, 1, out.data());
  for (int j = 0; j < 16; ++j) {
    EXPECT_EQ(out[static_cast<size_t>(j)], 2.0f * static_cast<float>(j - 8));
    EXPECT_EQ(out[static_cast<size_t>(j + 16)], 2.0f * static_cast<float>(7 - j));
  }
}

TEST(BlockLayout, Q4_1ByHand) {
  BlockQ4_1 block{kHalf, kMinusOne, {}};
  for (size_t j = 0; j < 16; ++j) block.quants[j] = static_cast<uint8_t>(j | (15 - j) << 4);
  std::vector<float> out(32);
  decode_q4_1(&block, 1, out.data());
  for (int j = 0; j < 16; ++j) {
    EXPECT_EQ(out[static_cast<size_t>(j)], 0.5f * static_cast<float>(j) - 1.0f);
    EXPECT_EQ(out[static_cast<size_t>(j + 16)], 0.5f * static_cast<float>(15 - j) - 1.0f);
  }
}

// Numbers 0, 9, 22 and 31 have their fifth bit.
constexpr std::array<uint8_t, 4> kFifthBits{0x01, 0x02, 0x40, 0x80};

int with_fifth_bit(int number, int low) {
  return low + (number == 0 || number == 9 || number == 22 || number == 31 ? 16 : 0);
}

TEST(BlockLayout, Q5_0ByHand) {
  BlockQ5_0 block{kTwo, kFifthBits, {}};
  for (size_t j = 0; j < 16; ++j) block.quants[j] = static_cast<uint8_t>(j | (15 - j) << 4);
  std::vector<float> out(32);
  decode_q5_0(&block, 1, out.data());
  for (int i = 0; i < 32; ++i) {
    const int low = i < 16 ? i : 31 - i;
    EXPECT_EQ(out[static_cast<size_t>(i)], 2.0f * static_cast<float>(with_fifth_bit(i, low) - 16));
  }
}

TEST(BlockLayout, Q5_1ByHand) {
  BlockQ5_1 block{kHalf, kMinusOne, kFifthBits, {}};
  for (size_t j = 0; j < 16; ++j) block.quants[j] = static_cast<uint8_t>(j | (15 - j) << 4);
  std::vector<float> out(32);
  decode_q5_1(&block, 1, out.data());
  for (int i = 0; i < 32; ++i) {
    const int low = i < 16 ? i : 31 - i;
    EXPECT_EQ(out[static_cast<size_t>(i)],
              0.5f * static_cast<float>(with_fifth_bit(i, low)) - 1.0f);
  }
}

TEST(BlockLayout, Q8_0ByHand) {
  BlockQ8_0 block{kHalf, {}};
  for (size_t j = 0; j < 32; ++j)
    block.quants[j] = static_cast<int8_t>(8 * static_cast<int>(j) - 128);
  std::vector<float> out(32);
  decode_q8_0(&block, 1, out.data());
  for (int j = 0; j < 32; ++j)
    EXPECT_EQ(out[static_cast<size_t>(j)], 4.0f * static_cast<float>(j) - 64.0f);
}

// Scales and minima of eight groups, and how Q4_K and Q5_K pack them.
const std::vector<int> kScales{1, 2, 3, 4, 33, 50, 19, 63};
const std::vector<int> kMins{5, 6, 7, 8, 63, 17, 34, 48};
constexpr std::array<uint8_t, 12> kPackedScales{
    0x81, 0xc2, 0x43, 0xc4,   // scales 0..3, above them the high bits of scales 4..7
    0xc5, 0x46, 0x87, 0xc8,   // the same of the minima
    0xf1, 0x12, 0x23, 0x0f};  // low 4 bits of scales 4..7, above them those of the minima

TEST(BlockLayout, Q4_KByHand) {
  BlockQ4_K block{kOne, kHalf, kPackedScales, {}};
  block.quants.fill(0xa3);
  std::vector<float> out(256);
  decode_q4_k(&block, 1, out.data());
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t group = i / 32;
    const int quant = group % 2 == 0 ? 3 : 10;
    ASSERT_EQ(out[i],
              static_cast<float>(kScales[group] * quant) - 0.5f * static_cast<float>(kMins[group]))
        << i;
  }
}

TEST(BlockLayout, Q5_KByHand) {
  BlockQ5_K block{kOne, kHalf, kPackedScales, {}, {}};
  block.high.fill(0xb2);  // the fifth bit in groups 1, 4, 5 and 7
  block.quants.fill(0xa3);
  const std::vector<int> quants{3, 16 + 10, 3, 10, 16 + 3, 16 + 10, 3, 16 + 10};
  std::vector<float> out(256);
  decode_q5_k(&block, 1, out.data());
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t group = i / 32;
    ASSERT_EQ(out[i], static_cast<float>(kScales[group] * quants[group]) -
                          0.5f * static_cast<float>(kMins[group]))
        << i;
  }
}

TEST(BlockLayout, Q6_KByHand) {
  BlockQ6_K block{};
  block.low.fill(0xa5);   // 5 for numbers 0..63 of each half, 10 for the others
  block.high.fill(0xe4);  // 0, 1, 2, 3 for the four runs of 32
  for (int g = 0; g < 16; ++g) block.scales[static_cast<size_t>(g)] = static_cast<int8_t>(g - 8);
  block.d = kHalf;
  const std::vector<int> quants{5 - 32, 16 + 5 - 32, 32 + 10 - 32, 48 + 10 - 32};
  std::vector<float> out(256);
  decode_q6_k(&block, 1, out.data());
  for (size_t i = 0; i < out.size(); ++i) {
    const int scale = static_cast<int>(i / 16) - 8;
    ASSERT_EQ(out[i], 0.5f * static_cast<float>(scale * quants[i % 128 / 32])) << i;
  }
}

// Number i of a block, straight from the description in the format's header.
float formula(const BlockQ4_0& b, size_t i) {
  const int q = i < 16 ? b.quants[i] & 15 : b.quants[i - 16] >> 4;
  return f16_to_float(b.d) * static_cast<float>(q - 8);
}

float formula(const BlockQ4_1& b, size_t i) {
  const int q = i < 16 ? b.quants[i] & 15 : b.quants[i - 16] >> 4;
  return f16_to_float(b.d) * static_cast<float>(q) + f16_to_float(b.m);
}

float formula(const BlockQ5_0& b, size_t i) {
  const int low = i < 16 ? b.quants[i] & 15 : b.quants[i - 16] >> 4;
  const int q = low + 16 * (b.high[i / 8] >> (i % 8) & 1);
  return f16_to_float(b.d) * static_cast<float>(q - 16);
}

float formula(const BlockQ5_1& b, size_t i) {
  const int low = i < 16 ? b.quants[i] & 15 : b.quants[i - 16] >> 4;
  const int q = low + 16 * (b.high[i / 8] >> (i % 8) & 1);
  return f16_to_float(b.d) * static_cast<float>(q) + f16_to_float(b.m);
}

float formula(const BlockQ8_0& b, size_t i) {
  return f16_to_float(b.d) * static_cast<float>(b.quants[i]);
}

template <typename Block>
float affine_formula(const Block& b, size_t g, int q) {
  const int s = g < 4 ? b.scales[g] & 63 : (b.scales[g + 4] & 15) + 16 * (b.scales[g - 4] / 64);
  const int m = g < 4 ? b.scales[g + 4] & 63 : b.scales[g + 4] / 16 + 16 * (b.scales[g] / 64);
  return f16_to_float(b.d) * static_cast<float>(s) * static_cast<float>(q) -
         f16_to_float(b.dmin) * static_cast<float>(m);
}

float formula(const BlockQ4_K& b, size_t i) {
  const size_t g = i / 32;
  const uint8_t byte = b.quants[i / 64 * 32 + i % 32];
  return affine_formula(b, g, g % 2 == 0 ? byte % 16 : byte / 16);
}

float formula(const BlockQ5_K& b, size_t i) {
  const size_t g = i / 32;
  const uint8_t byte = b.quants[i / 64 * 32 + i % 32];
  return affine_formula(b, g,
                        (g % 2 == 0 ? byte % 16 : byte / 16) + 16 * (b.high[i % 32] >> g & 1));
}

float formula(const BlockQ6_K& b, size_t i) {
  const size_t half = i / 128, k = i % 128 / 32, j = i % 32;
  const uint8_t low = b.low[64 * half + 32 * (k % 2) + j];
  const int q = (k < 2 ? low % 16 : low / 16) + 16 * (b.high[32 * half + j] >> (2 * k) & 3);
  return f16_to_float(b.d) * static_cast<float>(b.scales[i / 16]) * static_cast<float>(q - 32);
}

template <typename Block>
void expect_formula(DType type) {
  constexpr size_t kBlocks = 50;
  std::vector<Block> blocks(kBlocks);
  Random random(3);
  auto* bytes = reinterpret_cast<uint8_t*>(blocks.data());
  for (size_t i = 0; i < kBlocks * sizeof(Block); ++i)
    bytes[i] = static_cast<uint8_t>(random.bits());
  const auto* row = reinterpret_cast<const std::byte*>(blocks.data());
  std::vector<float> out(kBlocks * Block::kNumbers);
  decode_row(type, row, static_cast<int64_t>(out.size()), out.data());
  for (size_t i = 0; i < out.size(); ++i) {
    const float expected = formula(blocks[i / Block::kNumbers], i % Block::kNumbers);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(out[i]));
    } else {
      ASSERT_EQ(out[i], expected) << name(type) << " number " << i;
    }
  }
}

TEST(BlockLayout, RandomBytesFollowTheFormula) {
  expect_formula<BlockQ4_0>(DType::Q4_0);
  expect_formula<BlockQ4_1>(DType::Q4_1);
  expect_formula<BlockQ5_0>(DType::Q5_0);
  expect_formula<BlockQ5_1>(DType::Q5_1);
  expect_formula<BlockQ8_0>(DType::Q8_0);
  expect_formula<BlockQ4_K>(DType::Q4_K);
  expect_formula<BlockQ5_K>(DType::Q5_K);
  expect_formula<BlockQ6_K>(DType::Q6_K);
}

TEST(BlockLayout, EverySixteenBitFloatDecodes) {
  std::vector<uint16_t> halves(65536 + 5);  // not a multiple of any vector
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  const auto n = static_cast<int64_t>(halves.size());
  const auto* row = reinterpret_cast<const std::byte*>(halves.data());
  std::vector<float> out(halves.size());
  const auto expect = [&](float (*scalar)(uint16_t)) {
    for (size_t i = 0; i < halves.size(); ++i) {
      const float expected = scalar(halves[i]);
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(out[i])) << i;
      } else {
        ASSERT_EQ(std::bit_cast<uint32_t>(out[i]), std::bit_cast<uint32_t>(expected)) << i;
      }
    }
  };
  decode_row(DType::F16, row, n, out.data());
  expect(f16_to_float);
  decode_f16_portable(halves.data(), n, out.data());
  expect(f16_to_float);
  decode_row(DType::BF16, row, n, out.data());
  expect(bf16_to_float);
}

}  // namespace
}  // namespace jet
