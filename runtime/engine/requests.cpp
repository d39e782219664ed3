// Requests and conversations as they enter and leave the engine.
#include <algorithm>

#include "core/error.h"
#include "runtime/engine/impl.h"

namespace jet {

void Engine::Impl::check_request(const Request& request, int64_t consumed) const {
  check_sampling(request.sampling);
  if (request.prompt.empty()) fail("the prompt is empty; it needs at least one token");
  if (request.max_tokens < 0) fail("max_tokens is {}, expected 0 or more", request.max_tokens);
  for (const int32_t id : request.prompt) {
    if (id < 0 || id >= model_.vocabulary())
      fail("the prompt holds token {}, the vocabulary ends at {}", id, model_.vocabulary() - 1);
  }
  if (!request.stop.empty()) loaded_.text();
  const int64_t length = consumed + static_cast<int64_t>(request.prompt.size());
  if (length > options_.context_length) {
    fail(
        "the prompt makes the context {} tokens long, at most {} fit; raise the context length or "
        "shorten it",
        length, options_.context_length);
  }
}

RequestId Engine::Impl::submit(Request request, OnToken on_token) {
  Conversation* dialogue = request.conversation ? &conversation(*request.conversation) : nullptr;
  if (dialogue != nullptr && dialogue->busy)
    fail("conversation {} has a request that is not finished", *request.conversation);
  if (dialogue != nullptr && dialogue->is_lost)
    fail("conversation {} lost its state in a step that failed; close it", *request.conversation);
  if (dialogue != nullptr && request.max_tokens == 0)
    fail("max_tokens is 0, a conversation's request needs at least 1");
  check_request(request, dialogue == nullptr ? 0 : static_cast<int64_t>(dialogue->consumed.size()));
  const Tokenizer* tokenizer = loaded_.tokenizer ? &*loaded_.tokenizer : nullptr;
  Sequence& sequence =
      sequences_.emplace_back(next_id_++, std::move(request), std::move(on_token), tokenizer);
  if (dialogue != nullptr) {
    dialogue->busy = true;
    sequence.slot = dialogue->slot;
    sequence.tokens = dialogue->consumed;
    sequence.computed = static_cast<int64_t>(sequence.tokens.size());
  }
  sequence.output.cached_tokens = sequence.computed;
  const std::vector<int32_t>& prompt = sequence.options.prompt;
  sequence.tokens.insert(sequence.tokens.end(), prompt.begin(), prompt.end());
  sequence.prompt_end = static_cast<int64_t>(sequence.tokens.size());
  sequence.output.prompt_tokens = sequence.prompt_end;
  return sequence.id;
}

Sequence& Engine::Impl::find(RequestId id) {
  const auto found = std::ranges::find(sequences_, id, &Sequence::id);
  if (found == sequences_.end()) fail("no request has the number {}", id);
  return *found;
}

Output Engine::Impl::take(RequestId id) {
  Sequence& sequence = find(id);
  if (!sequence.done) fail("request {} is not finished", id);
  Output output = std::move(sequence.output);
  sequences_.remove_if([id](const Sequence& each) { return each.id == id; });
  return output;
}

ConversationId Engine::Impl::open_conversation() {
  const auto slot = pool_.acquire();
  if (!slot)
    fail("all {} places for sequences are taken; finish a request or close a conversation",
         options_.max_sequences);
  conversations_[next_id_] = {*slot, {}, false};
  return next_id_++;
}

void Engine::Impl::close_conversation(ConversationId id) {
  if (conversation(id).busy) fail("conversation {} has a request that is not finished", id);
  pool_.release(conversation(id).slot);
  conversations_.erase(id);
}

Engine::Impl::Conversation& Engine::Impl::conversation(ConversationId id) {
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) fail("no conversation has the number {}", id);
  return found->second;
}

}  // namespace jet
