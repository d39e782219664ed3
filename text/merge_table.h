// The merges of a BPE vocabulary: which pair of neighbouring tokens becomes which token, and how
// soon.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "text/token_index.h"

namespace jet {

struct Merge {
  int32_t left;
  int32_t right;
  int32_t result;
};

// Flat hash table keyed by the pair of ids.
class MergeTable {
 public:
  // Throws Error naming the merge when a part or the whole is not in the vocabulary, or when it is
  // listed twice.
  MergeTable(std::span<const std::pair<std::string, std::string>> merges, const TokenIndex& index);

  // The rank of the merge of two tokens, -1 when they do not merge. Lower ranks merge first.
  int32_t rank(int32_t left, int32_t right) const;
  const Merge& at(int32_t rank) const { return merges_[static_cast<size_t>(rank)]; }

 private:
  struct Slot {
    uint64_t pair = 0;
    int32_t rank = -1;  // -1: free
  };
  size_t find_slot(uint64_t pair) const;

  std::vector<Merge> merges_;  // by rank
  std::vector<Slot> slots_;    // a power of two, at most two thirds full
  int shift_;                  // of a 64-bit hash, to an index of slots_
};

}  // namespace jet
