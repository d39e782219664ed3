// From a token's text to its id: a flat hash table over the vocabulary's strings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jet {

// Borrows the strings.
class TokenIndex {
 public:
  // Throws Error naming both ids when two tokens are the same.
  explicit TokenIndex(std::span<const std::string> tokens);

  std::optional<int32_t> find(std::string_view token) const;

 private:
  struct Slot {
    int32_t id = -1;  // -1: free
    uint32_t hash = 0;
  };
  // Index of the slot that holds `token`, or of the free one where it would stand.
  size_t find_slot(std::string_view token, uint32_t hash) const;

  std::span<const std::string> tokens_;
  std::vector<Slot> slots_;  // a power of two
};

}  // namespace jet
