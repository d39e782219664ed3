// The quants of Q5_0 and Q5_1: 32 numbers of 5 bits, the fifth bits apart from the other four.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace jet {

using QuantsQ5 = std::array<uint8_t, 32>;

template <typename Block>
QuantsQ5 unpack_q5(const Block& block) {
  uint32_t high = 0;
  std::memcpy(&high, block.high.data(), sizeof(high));  // little-endian: bit i is number i
  QuantsQ5 quants;
  for (size_t j = 0; j < 16; ++j) {
    quants[j] = static_cast<uint8_t>((block.quants[j] & 15) | (high >> j & 1) << 4);
    quants[j + 16] = static_cast<uint8_t>(block.quants[j] >> 4 | (high >> (j + 16) & 1) << 4);
  }
  return quants;
}

template <typename Block>
void pack_q5(const QuantsQ5& quants, Block& block) {
  uint32_t high = 0;
  for (size_t i = 0; i < quants.size(); ++i) high |= static_cast<uint32_t>(quants[i] >> 4) << i;
  std::memcpy(block.high.data(), &high, sizeof(high));
  for (size_t j = 0; j < 16; ++j) {
    block.quants[j] = static_cast<uint8_t>((quants[j] & 15) | (quants[j + 16] & 15) << 4);
  }
}

}  // namespace jet
