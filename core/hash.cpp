#include "core/hash.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace jet {

void Hash::mix(uint64_t word) {
  constexpr uint64_t kOdd = 0xD6E8FEB86659FD93;
  constexpr int kTurn = 29;
  value_ = std::rotl((value_ ^ word) * kOdd, kTurn);
}

void Hash::add(std::span<const std::byte> bytes) {
  mix(bytes.size());
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t count = std::min(sizeof(word), bytes.size());
    std::memcpy(&word, bytes.data(), count);
    mix(word);
    bytes = bytes.subspan(count);
  }
}

void Hash::add(std::string_view text) { add(std::as_bytes(std::span(text))); }

}  // namespace jet
