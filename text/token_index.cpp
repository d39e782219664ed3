// Linear probing, at most two thirds full.
#include "text/token_index.h"

#include <bit>
#include <functional>

#include "core/error.h"
#include "io/printable.h"

namespace jet {
namespace {

uint32_t hash_of(std::string_view token) {
  const uint64_t hash = std::hash<std::string_view>{}(token);
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

}  // namespace

TokenIndex::TokenIndex(std::span<const std::string> tokens)
    : tokens_(tokens), slots_(std::bit_ceil(tokens.size() + tokens.size() / 2 + 1)) {
  for (size_t id = 0; id < tokens.size(); ++id) {
    const uint32_t hash = hash_of(tokens[id]);
    Slot& slot = slots_[find_slot(tokens[id], hash)];
    if (slot.id >= 0)
      fail("tokenizer: ids {} and {} are the same token \"{}\"", slot.id, id,
           printable(tokens[id]));
    slot = {static_cast<int32_t>(id), hash};
  }
}

std::optional<int32_t> TokenIndex::find(std::string_view token) const {
  const int32_t id = slots_[find_slot(token, hash_of(token))].id;
  return id < 0 ? std::nullopt : std::optional(id);
}

size_t TokenIndex::find_slot(std::string_view token, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].id >= 0 &&
         (slots_[at].hash != hash || tokens_[static_cast<size_t>(slots_[at].id)] != token)) {
    at = (at + 1) & mask;
  }
  return at;
}

}  // namespace jet
