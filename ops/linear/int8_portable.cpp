// The products in plain loops: what runs where no faster kernels are, and what all of them equal.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "core/half.h"
#include "ops/linear/int8.h"
#include "ops/linear/packed.h"

namespace jet {
namespace {

// Leaves in x what rounding takes off it.
void quantise_block(std::array<float, kPackedBlock>& x, int64_t lane, Int8Block& to) {
  float largest = 0;
  bool is_finite = true;
  for (const float number : x) {
    is_finite = is_finite && std::isfinite(number);
    largest = std::max(largest, std::abs(number));
  }
  const float d = is_finite ? largest * (1.0f / 127) : std::numeric_limits<float>::quiet_NaN();
  const float inverse = d >= std::numeric_limits<float>::min() ? 1.0f / d : 0.0f;
  int32_t sums[2] = {};
  for (size_t i = 0; i < x.size(); ++i) {
    const long q = is_finite ? std::lrint(x[i] * inverse) : 0;
    to.q[lane][i] = static_cast<int8_t>(q);
    sums[i / 16] += static_cast<int32_t>(q);
    x[i] = std::fma(-d, static_cast<float>(q), x[i]);
  }
  to.d[lane] = d;
  to.sum[lane] = sums[0] + sums[1];
  to.s[lane] = d * static_cast<float>(to.sum[lane]);
  to.first[lane] = sums[0];
}

void quantise(const float* x, int64_t blocks, int64_t terms, int64_t lane, Int8Block* tile) {
  for (int64_t b = 0; b < blocks; ++b, x += kPackedBlock) {
    std::array<float, kPackedBlock> left;
    std::copy_n(x, kPackedBlock, left.begin());
    for (int64_t k = 0; k < terms; ++k) quantise_block(left, lane, *tile++);
  }
}

uint16_t half_at(const uint8_t* lanes, size_t lane) {
  uint16_t bits = 0;
  std::memcpy(&bits, lanes + 2 * lane, 2);
  return bits;
}

// A lane's block: its quants as signed numbers and the scales of its two halves.
struct Block {
  std::array<int, 32> quants;
  std::array<float, 2> d;
  float m = 0;
};

Block block_of(DType type, const uint8_t* group, const uint8_t* data, size_t lane) {
  Block block;
  const int bits = high_bits(type);
  for (size_t i = 0; i < 32; ++i) {
    const size_t j = i / 4;
    const auto byte = [&](size_t word) { return data[(word * kPanelRows + lane) * 4 + i % 4]; };
    int q = 0;
    if (type == DType::Q8_0) {
      q = byte(j);
    } else {
      q = j < 4 ? byte(j) & 15 : byte(j - 4) >> 4;
      const size_t words = bits == 1 ? 8 : 4;
      if (bits > 0)
        q |= (byte(4 + j / words) >> (static_cast<int>(j % words) * bits) & ((1 << bits) - 1)) << 4;
    }
    block.quants[i] = q - quant_offset(type);
  }
  const uint8_t* scales = data + packed_format(type).quant_bytes;
  if (type == DType::Q4_K || type == DType::Q5_K) {
    block.d.fill(f16_to_float(half_at(group, lane)) * static_cast<float>(scales[lane]));
    block.m = -(f16_to_float(half_at(group + 2 * kPanelRows, lane)) *
                static_cast<float>(scales[kPanelRows + lane]));
  } else if (type == DType::Q6_K) {
    for (size_t h = 0; h < 2; ++h) {
      block.d[h] = f16_to_float(half_at(group, lane)) *
                   static_cast<float>(static_cast<int8_t>(scales[h * kPanelRows + lane]));
    }
  } else {
    block.d.fill(f16_to_float(half_at(scales, lane)));
    if (packed_format(type).scale_bytes == 64)
      block.m = f16_to_float(half_at(scales + 2 * kPanelRows, lane));
  }
  return block;
}

// One block's share of a sum.
float add_block(DType type, const Block& w, const Int8Block& x, size_t t, float sum) {
  std::array<int32_t, 2> dots{};
  for (size_t i = 0; i < 32; ++i) dots[i / 16] += w.quants[i] * x.q[t][i];
  if (type == DType::Q6_K) {
    sum = std::fma(static_cast<float>(dots[0]), w.d[0] * x.d[t], sum);
    return std::fma(static_cast<float>(dots[1]), w.d[1] * x.d[t], sum);
  }
  sum = std::fma(static_cast<float>(dots[0] + dots[1]), w.d[0] * x.d[t], sum);
  return quant_offset(type) != 0 ? sum : std::fma(w.m, x.s[t], sum);
}

void multiply(DType type, const Int8Panel& p) {
  const PackedFormat format = packed_format(type);
  for (int64_t first = 0; first < p.tokens; first += kTileTokens) {
    const int64_t tokens = std::min(kTileTokens, p.tokens - first);
    for (int64_t lane = 0; lane < p.rows; ++lane) {
      std::array<float, kTileTokens> sums{};
      const auto* data = reinterpret_cast<const uint8_t*>(p.weights);
      const uint8_t* group = data;
      for (int64_t b = 0; b < p.blocks; ++b, data += format.block_bytes()) {
        if (b % format.group == 0) {
          group = data;
          data += format.group_bytes;
        }
        const Block block = block_of(type, group, data, static_cast<size_t>(lane));
        const Int8Block* x = p.x + (first / kTileTokens * p.blocks + b) * p.terms;
        for (size_t t = 0; t < static_cast<size_t>(tokens); ++t) {
          for (int64_t k = 0; k < int8_terms(type); ++k)
            sums[t] = add_block(type, block, x[k], t, sums[t]);
        }
      }
      for (int64_t t = 0; t < tokens; ++t) {
        const float sum = sums[static_cast<size_t>(t)];
        p.y[(first + t) * p.y_stride + lane] = p.bias != nullptr ? sum + p.bias[lane] : sum;
      }
    }
  }
}

}  // namespace

constinit const Int8Kernels kInt8Portable{"portable", quantise, multiply};

}  // namespace jet
