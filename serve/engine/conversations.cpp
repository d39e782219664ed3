#include "serve/engine/conversations.h"

#include <algorithm>

namespace jet::serve {
namespace {

constexpr size_t kLongestId = 64;
constexpr size_t kMostConversations = 1024;
constexpr size_t kMostTokens = size_t{4} << 20;

bool is_id_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

bool is_conversation_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::ranges::all_of(text, is_id_character);
}

void Conversations::note(std::string_view id, Place place) {
  std::list<Known> latest;
  latest.push_back({std::string(id), std::move(place)});
  const std::lock_guard lock(mutex_);
  const auto forget = [this](std::list<Known>::iterator known) {
    tokens_ -= known->place.tokens.size();
    known_.erase(known);
  };
  const auto older = std::ranges::find(known_, id, &Known::id);
  if (older != known_.end()) forget(older);
  tokens_ += latest.front().place.tokens.size();
  known_.splice(known_.end(), latest);
  while (known_.size() > 1 && (known_.size() > kMostConversations || tokens_ > kMostTokens))
    forget(known_.begin());
}

std::optional<Conversations::Place> Conversations::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(known_, id, &Known::id);
  if (found == known_.end()) return std::nullopt;
  return found->place;
}

}  // namespace jet::serve
