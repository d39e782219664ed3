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
  // Each byte of fifth bits eight times, to pick one bit out of each: no shifts by lane, which few
  // instruction sets have.
  constexpr uint64_t kEightTimes = 0x0101010101010101;
  QuantsQ5 high;
  for (size_t i = 0; i < 4; ++i) {
    const uint64_t bytes = block.high[i] * kEightTimes;
    std::memcpy(high.data() + 8 * i, &bytes, sizeof(bytes));
  }
  QuantsQ5 quants;
  for (size_t j = 0; j < 16; ++j) {
    quants[j] = block.quants[j] & 15;
    quants[j + 16] = block.quants[j] >> 4;
  }
  constexpr uint64_t kBitOfEach = 0x8040201008040201;
  QuantsQ5 bits;
  for (size_t i = 0; i < 4; ++i) std::memcpy(bits.data() + 8 * i, &kBitOfEach, 8);
  for (size_t i = 0; i < 32; ++i) {
    const uint8_t missing = (high[i] & bits[i]) == 0 ? 16 : 0;
    quants[i] = static_cast<uint8_t>((quants[i] | 16) - missing);
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
