// Conversations: sequences that keep their place between requests.
#include "core/error.h"
#include "runtime/engine/impl.h"
#include "runtime/state/state_file.h"

namespace jet {

ConversationId Engine::Impl::open_conversation() {
  if (free_places() == 0) fail_no_place();
  auto slot = pool_.acquire();
  while (!slot && snapshots_.drop_oldest()) slot = pool_.acquire();
  if (!slot) fail_no_place();
  return add_conversation(*slot, {});
}

ConversationId Engine::Impl::fork_conversation(ConversationId id) {
  const Conversation& origin = idle_conversation(id);
  if (free_places() == 0) fail_no_place();
  const auto tokens = static_cast<int64_t>(origin.consumed.size());
  auto slot = pool_.fork(origin.slot, tokens);
  while (!slot && snapshots_.drop_oldest()) slot = pool_.fork(origin.slot, tokens);
  if (!slot) fail_no_place();
  return add_conversation(*slot, origin.consumed);
}

ConversationId Engine::Impl::add_conversation(int32_t slot, std::vector<int32_t> consumed) {
  conversations_[next_id_] = {.slot = slot, .consumed = std::move(consumed)};
  return next_id_++;
}

void Engine::Impl::fail_no_place() const {
  fail(
      "all {} places or {} bytes for sequences are taken; finish a request or close a conversation",
      options_.max_sequences, pool_.budget());
}

void Engine::Impl::close_conversation(ConversationId id) {
  if (conversation(id).busy) fail("conversation {} has a request that is not finished", id);
  pool_.release(conversation(id).slot);
  conversations_.erase(id);
}

void Engine::Impl::save_conversation(ConversationId id, const std::string& path,
                                     const std::string& note) {
  const Conversation& saved = idle_conversation(id);
  write_state(path, pack_state(pool_, saved.slot, saved.consumed, loaded_.origin, note));
}

ConversationId Engine::Impl::load_conversation(const std::string& path, std::string* note) {
  const StateFile file = read_state(path);
  SequenceState state = unpack(file);
  if (free_places() == 0) fail_no_place();
  const int32_t slot = restore(state);
  const ConversationId id = add_conversation(slot, std::move(state.ids));
  if (note != nullptr) *note = file.metadata.at("note");
  return id;
}

std::optional<SavedState> Engine::Impl::save_snapshot(std::span<const int32_t> tokens,
                                                      const std::string& salt,
                                                      const std::string& note) {
  const Snapshot* const found = snapshots_.find_consumed(tokens, salt);
  if (found == nullptr) return std::nullopt;
  return SavedState(std::make_shared<const StateFile>(
      pack_state(pool_, found->slot, found->tokens, loaded_.origin, note)));
}

void Engine::Impl::load_snapshot(const SavedState& saved, const std::string& salt) {
  const SequenceState state = unpack(saved.file());
  if (state.ids.empty()) fail("{}: holds no token yet", saved.file().where);
  const auto fail_too_large = [&] {
    fail("{}: is larger than the {} bytes that snapshots may take", saved.file().where,
         options_.snapshot_bytes);
  };
  if (!snapshots_.may_hold(static_cast<int64_t>(state.ids.size()))) fail_too_large();
  const int32_t slot = restore(state);
  if (snapshots_.adopt(slot, state.ids, salt)) return;
  pool_.release(slot);
  fail_too_large();
}

// The file's state, of tokens that this engine knows and takes so many of.
SequenceState Engine::Impl::unpack(const StateFile& file) const {
  SequenceState state = unpack_state(file, pool_, loaded_.origin);
  const auto tokens = static_cast<int64_t>(state.ids.size());
  if (tokens > options_.context_length)
    fail("{}: holds {} tokens, at most {} fit; raise the context length", file.where, tokens,
         options_.context_length);
  for (const int32_t id : state.ids) {
    if (id < 0 || id >= model_.vocabulary())
      fail("{}: holds token {}, the vocabulary ends at {}", file.where, id,
           model_.vocabulary() - 1);
  }
  return state;
}

// A slot that holds the state; snapshots give way to it.
int32_t Engine::Impl::restore(const SequenceState& state) {
  auto slot = pool_.acquire();
  while (!slot && snapshots_.drop_oldest()) slot = pool_.acquire();
  if (!slot) fail_no_place();
  const auto tokens = static_cast<int64_t>(state.ids.size());
  bool has_pages = pool_.reserve(*slot, tokens);
  while (!has_pages && snapshots_.drop_oldest()) has_pages = pool_.reserve(*slot, tokens);
  if (!has_pages) {
    pool_.release(*slot);
    fail_no_place();
  }
  restore_state(pool_, *slot, state);
  return *slot;
}

Engine::Impl::Conversation& Engine::Impl::conversation(ConversationId id) {
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) fail("no conversation has the number {}", id);
  return found->second;
}

Engine::Impl::Conversation& Engine::Impl::idle_conversation(ConversationId id) {
  Conversation& found = conversation(id);
  if (found.busy) fail("conversation {} has a request that is not finished", id);
  if (found.is_lost) fail("conversation {} lost its state in a step that failed; close it", id);
  return found;
}

}  // namespace jet
