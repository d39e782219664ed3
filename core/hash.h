// A 64-bit hash of bytes that come in pieces: for checksums and fingerprints, not against malice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace jet {

// Each step is a bijection of the sum and of the word: a change within one word of 8 bytes always
// changes the result. Pieces are told apart by their lengths. 8 bytes two multiplications.
class Hash {
 public:
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  uint64_t value() const { return value_; }

 private:
  void mix(uint64_t word);

  uint64_t value_ = 0x9E3779B97F4A7C15;
};

}  // namespace jet
