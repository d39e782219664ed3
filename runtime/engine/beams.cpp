// Requests with beams: the search chooses, and the states follow it.
#include <algorithm>

#include "core/error.h"
#include "runtime/engine/impl.h"
#include "runtime/sampling/log_probabilities.h"

namespace jet {

void Engine::Impl::advance_beams(Job& job, const LogitRows& logits) {
  const Request& request = job.request;
  if (!job.search) {
    job.search.emplace(request.beams, request.sampling, most_tokens(job.prompt_end, request),
                       job.ends.size());
  }
  for (size_t i = 0; i < logits.size(); ++i) {
    log_softmax(logits[i]);
    job.processors.apply(logits[i], job.sequences[i].tokens);
  }
  const auto ends = [&](std::span<const int32_t> ids) {
    if (job.ends_at(ids.back())) return true;
    if (request.stop.empty()) return false;
    TextOutput text(tokenizer(), request.stop);
    for (const int32_t id : ids) text.push(id);
    return text.stopped();
  };
  const std::vector<std::span<const float>> rows(logits.begin(), logits.end());
  job.search->advance(rows, job.sequences.front().computed, ends);
  if (job.search->done()) {
    finish_beams(job);
  } else {
    reorder_beams(job);
  }
}

// Sequence i becomes running beam i. The first beam that goes on from a sequence keeps its slot,
// the others copy it into slots of sequences that none goes on from.
void Engine::Impl::reorder_beams(Job& job) {
  const std::vector<BeamSearch::Beam>& beams = job.search->running();
  const std::vector<Sequence>& old = job.sequences;
  std::vector<size_t> heirs(old.size(), beams.size());  // of each sequence: who keeps its slot
  for (size_t i = beams.size(); i-- > 0;) heirs[beams[i].parent] = i;
  for (size_t i = 0; i < old.size(); ++i) {
    if (heirs[i] == beams.size()) job.spare.push_back(old[i].slot);
  }
  std::vector<Sequence> next;
  next.reserve(beams.size());
  for (size_t i = 0; i < beams.size(); ++i) {
    const Sequence& parent = old[beams[i].parent];
    Sequence& beam = next.emplace_back(job.request, 0, tokenizer());
    beam.tokens = parent.tokens;
    beam.tokens.push_back(beams[i].ids.back());
    beam.computed = parent.computed;
    beam.slot = parent.slot;
    if (heirs[beams[i].parent] == i) continue;
    beam.slot = job.spare.back();
    job.spare.pop_back();
    const bool has_pages = pool_.copy(parent.slot, beam.slot, parent.computed);
    JET_CHECK(has_pages);
  }
  job.sequences = std::move(next);
}

void Engine::Impl::finish_beams(Job& job) {
  const std::vector<BeamSearch::Finished> finished = job.search->finished();
  const auto answers = static_cast<size_t>(job.request.answers);
  if (finished.size() < answers)
    fail("the beam search ended with {} of {} answers; allow more tokens", finished.size(),
         answers);
  for (const Sequence& sequence : job.sequences) job.spare.push_back(sequence.slot);
  job.sequences.clear();
  job.search.reset();
  for (size_t i = 0; i < answers; ++i) {
    Sequence& sequence =
        job.sequences.emplace_back(job.request, static_cast<int64_t>(i), tokenizer());
    Answer& answer = sequence.answer;
    for (const int32_t id : finished[i].ids) {
      answer.ids.push_back(id);
      std::string piece(sequence.text.push(id));
      if (answer.ids.size() == finished[i].ids.size()) piece += sequence.text.finish();
      if (job.on_token) job.on_token({.id = id, .text = piece, .answer = sequence.answer_number});
    }
    answer.score = finished[i].score;
    finish(job, sequence, finished[i].at_end ? FinishReason::Stop : FinishReason::Length);
  }
  complete(job);
}

}  // namespace jet
