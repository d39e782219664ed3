// What follows from a step's logits: tokens chosen, answers that end, requests that are complete.
#include <algorithm>

#include "core/error.h"
#include "runtime/engine/impl.h"
#include "runtime/sampling/log_probabilities.h"

namespace jet {

// Row i of the logits follows sequence sequences[i]. The answers of a request begin with one row.
void Engine::Impl::choose(Job& job, std::span<const size_t> sequences, const LogitRows& logits) {
  const bool is_first = job.first_token_at == 0;
  if (is_first) job.first_token_at = engine_clock();
  if (job.has_beams()) return advance_beams(job, logits);
  if (is_first) fork_answers(job);
  const int64_t top = job.request.log_probabilities;
  std::vector<float> raw;
  for (size_t i = 0; i < logits.size(); ++i) {
    const std::span<float> scores = logits[i];
    if (top >= 0) raw.assign(scores.begin(), scores.end());
    job.processors.apply(scores, job.sequences[sequences[i]].tokens);
    const size_t begin = is_first ? 0 : sequences[i];
    const size_t end = is_first ? job.sequences.size() : begin + 1;
    for (size_t number = begin; number < end; ++number) {
      Sequence& sequence = job.sequences[number];
      const int32_t id = sequence.sampler.choose(scores, sequence.computed);
      if (top >= 0) sequence.answer.log_probabilities.push_back(log_probabilities(raw, id, top));
      accept(job, sequence, id);
    }
  }
  complete(job);
}

// The other answers begin where the prompt ends.
void Engine::Impl::fork_answers(Job& job) {
  job.sequences.reserve(static_cast<size_t>(job.request.answers));
  for (int64_t number = 1; number < job.request.answers; ++number) {
    Sequence& next = job.sequences.emplace_back(job.request, number, tokenizer());
    const Sequence& first = job.sequences.front();
    next.reserve(job.prompt_end, most_tokens(job.prompt_end, job.request));
    next.tokens = first.tokens;
    next.computed = first.computed;
    next.slot = job.spare.back();
    job.spare.pop_back();
    const bool has_pages = pool_.copy(first.slot, next.slot, first.computed);
    JET_CHECK(has_pages);
  }
}

void Engine::Impl::accept(Job& job, Sequence& sequence, int32_t id) {
  const Request& request = job.request;
  Answer& answer = sequence.answer;
  sequence.tokens.push_back(id);
  answer.ids.push_back(id);
  const size_t before = sequence.text.text().size();
  sequence.text.push(id);
  const bool stops = sequence.text.stopped() || job.ends_at(id);
  const bool is_full =
      static_cast<int64_t>(answer.ids.size()) >= most_tokens(job.prompt_end, request);
  if (stops || is_full) sequence.text.finish();
  if (job.on_token) {
    const std::string text(std::string_view(sequence.text.text()).substr(before));
    const bool has_logs = request.log_probabilities >= 0;
    job.on_token({.id = id,
                  .text = text,
                  .answer = sequence.answer_number,
                  .log_probabilities = has_logs ? &answer.log_probabilities.back() : nullptr});
  }
  if (stops || is_full) finish(job, sequence, stops ? FinishReason::Stop : FinishReason::Length);
}

// The state, and what was kept of it while the prompt ran, may be damaged.
void Engine::Impl::lose(Job& job, const std::string& error) {
  job.is_lost = true;
  if (job.done) return;
  const Sequence& first = job.sequences.front();
  snapshots_.drop_beginnings(first.tokens, job.output.cached_tokens + 1, job.request.cache_salt);
  if (job.request.conversation) conversation(*job.request.conversation).is_lost = true;
  finish(job, FinishReason::Failed, error);
}

void Engine::Impl::finish(Job& job, FinishReason reason, const std::string& error) {
  if (job.search && !job.search->running().empty()) {  // the best beam as far as it came
    Sequence& best = job.sequences.front();
    best.answer.ids = job.search->running().front().ids;
    for (const int32_t id : best.answer.ids) best.text.push(id);
  }
  for (Sequence& sequence : job.sequences) {
    if (!sequence.done) finish(job, sequence, reason, error);
  }
  while (job.search && job.sequences.size() > 1) job.sequences.pop_back();
  complete(job);
}

void Engine::Impl::finish(Job& job, Sequence& sequence, FinishReason reason,
                          const std::string& error) {
  sequence.text.finish();
  sequence.answer.text = sequence.text.text();
  sequence.answer.finish = reason;
  sequence.answer.error = error;
  sequence.done = true;
  const std::span<const int32_t> consumed =
      std::span(sequence.tokens).first(static_cast<size_t>(sequence.computed));
  if (job.request.conversation) {
    Conversation& dialogue = conversation(*job.request.conversation);
    pool_.trim(sequence.slot, sequence.computed);
    sequence.tokens.resize(consumed.size());
    dialogue.consumed = std::move(sequence.tokens);
    dialogue.busy = false;
  } else if (sequence.slot >= 0) {
    const bool is_sound = reason != FinishReason::Failed && !job.search;
    try {
      if (is_sound && !consumed.empty())
        snapshots_.store(sequence.slot, consumed, false, job.request.cache_salt);
    } catch (const std::exception&) {  // the answer is right; a later one computes more
    }
    pool_.release(sequence.slot);
  }
  sequence.slot = -1;
}

// Makes the result once all answers are there.
void Engine::Impl::complete(Job& job) {
  const auto is_done = [](const Sequence& sequence) { return sequence.done; };
  if (job.done || !std::ranges::all_of(job.sequences, is_done)) return;
  for (const int32_t slot : job.spare) pool_.release(slot);
  job.spare.clear();
  job.output.others.reserve(job.sequences.size() - 1);  // nothing below throws
  static_cast<Answer&>(job.output) = std::move(job.sequences.front().answer);
  for (size_t i = 1; i < job.sequences.size(); ++i)
    job.output.others.push_back(std::move(job.sequences[i].answer));
  if (job.admitted()) {
    const double end = engine_clock();
    const double first = job.first_token_at > 0 ? job.first_token_at : end;
    job.output.prompt_seconds = first - job.admitted_at;
    job.output.decode_seconds = end - first;
  }
  job.done = true;
  ++finished_;
}

}  // namespace jet
