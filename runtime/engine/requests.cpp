// Requests as they enter and leave the engine.
#include <algorithm>

#include "core/error.h"
#include "runtime/engine/impl.h"

namespace jet {
namespace {

constexpr int64_t kMostAnswers = 1024;
constexpr int64_t kMostLogProbabilities = 20;

void expect_range(std::string_view option, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most)
    fail("{} is {}, expected {} to {}", option, value, least, most);
}

}  // namespace

void Engine::Impl::check_request(const Request& request, int64_t consumed) const {
  check_sampling(request.sampling, model_.vocabulary());
  if (request.prompt.empty()) fail("the prompt is empty; it needs at least one token");
  if (request.max_tokens < 0) fail("max_tokens is {}, expected 0 or more", request.max_tokens);
  for (const int32_t id : request.prompt) {
    if (id < 0 || id >= model_.vocabulary())
      fail("the prompt holds token {}, the vocabulary ends at {}", id, model_.vocabulary() - 1);
  }
  if (!request.stop.empty()) loaded_.text();
  if (request.end_tokens) {
    for (const int32_t id : *request.end_tokens) {
      if (id < 0 || id >= model_.vocabulary())
        fail("end_tokens holds token {}, the vocabulary ends at {}", id, model_.vocabulary() - 1);
    }
  }
  expect_range("log_probabilities", request.log_probabilities, -1, kMostLogProbabilities);
  check_width(request);
  const int64_t length = consumed + static_cast<int64_t>(request.prompt.size());
  if (length > options_.context_length) {
    fail(
        "the prompt makes the context {} tokens long, at most {} fit; raise the context length or "
        "shorten it",
        length, options_.context_length);
  }
  const int64_t needed = bytes_needed(length, request);
  if (needed > pool_.budget()) {
    fail(
        "the request may need {} bytes of states, the engine has {}; raise state_bytes, or ask for "
        "fewer tokens, answers or beams",
        needed, pool_.budget());
  }
}

void Engine::Impl::check_width(const Request& request) const {
  const auto& [beams, length_penalty, early_stopping] = request.beams;
  expect_range("answers", request.answers, 1, kMostAnswers);
  expect_range("beams", beams, 1, kMostAnswers);
  if (!(std::abs(length_penalty) <= 100))
    fail("length_penalty is {}, expected -100 to 100", length_penalty);
  if (beams > 1 && request.answers > beams)
    fail("{} answers of {} beams are asked for; there are at most as many as beams",
         request.answers, beams);
  if (request.prompt_log_probabilities && (request.log_probabilities < 0 || request.conversation))
    fail("prompt_log_probabilities need log_probabilities, and no conversation");
  if (beams > 1 && request.log_probabilities >= 0)
    fail("log_probabilities are not kept for beams; ask for one or the other");
  const int64_t width = std::max(request.answers, beams);
  if (request.conversation && width > 1)
    fail("a conversation's request has one answer and no beams; fork the conversation instead");
  if (width > options_.max_sequences)
    fail("the request runs {} sequences at a time, max_sequences is {}", width,
         options_.max_sequences);
}

const Tokenizer* Engine::Impl::tokenizer() const {
  return loaded_.tokenizer ? &*loaded_.tokenizer : nullptr;
}

RequestId Engine::Impl::submit(Request request, OnToken on_token) {
  Conversation* dialogue =
      request.conversation ? &idle_conversation(*request.conversation) : nullptr;
  if (dialogue != nullptr && request.max_tokens == 0)
    fail("max_tokens is 0, a conversation's request needs at least 1");
  const int64_t consumed =
      dialogue == nullptr ? 0 : static_cast<int64_t>(dialogue->consumed.size());
  check_request(request, consumed);
  const int64_t prompt_end = consumed + static_cast<int64_t>(request.prompt.size());
  std::list<Job> made;  // what takes memory comes first
  Job& job = made.emplace_back(next_id_++, std::move(request), std::move(on_token),
                               loaded_.generation.eos, prompt_end);
  Sequence& sequence = job.sequences.emplace_back(job.request, 0, tokenizer());
  const std::vector<int32_t>& prompt = job.request.prompt;
  std::vector<int32_t>& tokens = dialogue == nullptr ? sequence.tokens : dialogue->consumed;
  tokens.insert(tokens.end(), prompt.begin(), prompt.end());
  if (dialogue != nullptr) {
    dialogue->busy = true;
    sequence.tokens = std::move(dialogue->consumed);
    sequence.slot = dialogue->slot;
    sequence.computed = consumed;
    job.is_cold = consumed == 0;
  }
  job.output.prompt_tokens = prompt_end;
  jobs_.splice(jobs_.end(), made);
  return job.id;
}

Job& Engine::Impl::find(RequestId id) {
  const auto found = std::ranges::find(jobs_, id, &Job::id);
  if (found == jobs_.end()) fail("no request has the number {}", id);
  return *found;
}

Output Engine::Impl::take(RequestId id) {
  Job& job = find(id);
  if (!job.done) fail("request {} is not finished", id);
  Output output = std::move(job.output);
  jobs_.remove_if([id](const Job& each) { return each.id == id; });
  return output;
}

}  // namespace jet
