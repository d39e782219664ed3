// Byte pair encoding: the bytes of a word become tokens by merging neighbours, lowest rank first,
// leftmost first among equals.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/merge_table.h"
#include "text/token_index.h"

namespace jet {

class Bpe {
 public:
  // Throws Error as MergeTable does. `index` is read here only.
  Bpe(std::span<const std::pair<std::string, std::string>> merges, const TokenIndex& index);

  // Memory of one caller, kept from word to word.
  struct Scratch {
    struct Symbol {
      int32_t id;        // -1: merged into the one before
      int32_t previous;  // -1: none
      int32_t next;      // -1: none
    };
    std::vector<Symbol> symbols;
    std::vector<uint64_t>
        heap;  // rank << 32 | position of the left symbol: the smallest merges next
  };

  // Appends the tokens of `word`, O(n log n) in its length. A byte that has no token is left out,
  // as Hugging Face and llama.cpp do: vocabularies trained without it (control characters) cannot
  // say it.
  void encode(std::string_view word, Scratch& scratch, std::vector<int32_t>& out) const;

 private:
  std::array<int32_t, 256> byte_ids_;  // -1: no token
  MergeTable merges_;
};

}  // namespace jet
