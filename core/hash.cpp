#include "core/hash.h"

#include <algorithm>
#include <cstring>

namespace jet {

// A multiplication spreads upwards, a shift downwards; both can be undone.
void Hash::mix(uint64_t word) {
  constexpr uint64_t kFirst = 0xBF58476D1CE4E5B9;  // those of SplitMix64
  constexpr uint64_t kSecond = 0x94D049BB133111EB;
  value_ = (value_ ^ word) * kFirst;
  value_ = (value_ ^ value_ >> 27) * kSecond;
  value_ ^= value_ >> 31;
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
