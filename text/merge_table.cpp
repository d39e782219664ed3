// Linear probing after a multiplicative hash.
#include "text/merge_table.h"

#include <bit>
#include <string_view>

#include "core/error.h"
#include "io/printable.h"

namespace jet {
namespace {

uint64_t pair_of(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

MergeTable::MergeTable(std::span<const std::pair<std::string, std::string>> merges,
                       const TokenIndex& index)
    : slots_(std::bit_ceil(merges.size() + merges.size() / 2 + 2)),
      shift_(64 - std::countr_zero(slots_.size())) {
  merges_.reserve(merges.size());
  std::string whole;
  for (const auto& merge_text : merges) {
    const std::string& left = merge_text.first;
    const std::string& right = merge_text.second;
    const size_t rank = merges_.size();
    const auto id = [&](std::string_view token) {
      const auto found = index.find(token);
      if (!found) {
        fail(
            "tokenizer: merge {} (\"{}\" and \"{}\") needs the token \"{}\", which is not in the "
            "vocabulary",
            rank, printable(left), printable(right), printable(token));
      }
      return *found;
    };
    whole.assign(left).append(right);
    const Merge merge{id(left), id(right), id(whole)};
    const uint64_t pair = pair_of(merge.left, merge.right);
    Slot& slot = slots_[find_slot(pair)];
    if (slot.rank >= 0) {
      fail("tokenizer: merges {} and {} are the same (\"{}\" and \"{}\")", slot.rank, rank,
           printable(left), printable(right));
    }
    slot = {pair, static_cast<int32_t>(rank)};
    merges_.push_back(merge);
  }
}

int32_t MergeTable::rank(int32_t left, int32_t right) const {
  return slots_[find_slot(pair_of(left, right))].rank;
}

size_t MergeTable::find_slot(uint64_t pair) const {
  const size_t mask = slots_.size() - 1;
  size_t at = pair * 0x9E3779B97F4A7C15u >> shift_;
  while (slots_[at].rank >= 0 && slots_[at].pair != pair) at = (at + 1) & mask;
  return at;
}

}  // namespace jet
