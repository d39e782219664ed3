// The loop: schedule (which sequences, how many tokens each), run (one ragged batch), commit
// (choose, stop, stream).
#include <algorithm>
#include <chrono>
#include <exception>

#include "core/error.h"
#include "runtime/engine/impl.h"

namespace jet {

double engine_clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool Engine::Impl::step() {
  if (stepping_) fail("step was called from a token callback");
  stepping_ = true;
  const int64_t finished_before = finished_;
  for (Sequence& sequence : sequences_) {
    if (sequence.cancelled && !sequence.done) finish(sequence, FinishReason::Cancelled);
  }
  const std::vector<Sequence*> batch = schedule();
  if (!batch.empty()) {
    try {
      run(batch);
      commit(batch);
    } catch (const std::exception& error) {
      // Some layers may have moved on: no state of this batch can be trusted.
      for (Sequence* sequence : batch) lose(*sequence, error.what());
    }
  }
  stepping_ = false;
  return !batch.empty() || finished_ > finished_before;
}

// Decoding sequences first, then pieces of prompts in order of arrival until the step is full. A
// piece is never made shorter to fit: where a prompt is cut depends on its own length alone.
std::vector<Sequence*> Engine::Impl::schedule() {
  std::vector<Sequence*> batch;
  int64_t rows = 0;
  for (Sequence& sequence : sequences_) {
    if (!sequence.done && sequence.admitted_at > 0 && sequence.pending() == 1) {
      batch.push_back(&sequence);
      ++rows;
    }
  }
  const size_t decoding = batch.size();
  bool others_wait = false;  // first come, first served; those that have a place pass
  for (Sequence& sequence : sequences_) {
    if (sequence.done || (sequence.admitted_at > 0 && sequence.pending() == 1)) continue;
    if (batch.size() > decoding && rows + next_rows(sequence) > options_.step_tokens) break;
    if (sequence.admitted_at == 0) {
      const bool has_place = sequence.slot >= 0;
      if (others_wait && !has_place) continue;
      if (!admit(sequence)) {
        others_wait = others_wait || !has_place;
        continue;
      }
    }
    if (sequence.done) continue;
    batch.push_back(&sequence);
    rows += next_rows(sequence);
  }
  return batch;
}

// Takes a slot, and pages for all that the request may become. False: wait until others have
// finished.
bool Engine::Impl::admit(Sequence& sequence) {
  const bool has_place = sequence.slot >= 0;
  if (!has_place) {
    const auto slot = pool_.acquire();
    if (!slot) return false;
    sequence.slot = *slot;
  }
  const int64_t length =
      sequence.prompt_end +
      std::min(sequence.options.max_tokens, options_.context_length - sequence.prompt_end);
  if (!pool_.reserve(sequence.slot, length)) {
    if (!has_place) {
      pool_.release(sequence.slot);
      sequence.slot = -1;
    }
    return false;
  }
  sequence.admitted_at = engine_clock();
  if (sequence.options.max_tokens == 0) finish(sequence, FinishReason::Length);
  return true;
}

int64_t Engine::Impl::next_rows(const Sequence& sequence) const {
  const int64_t cut = (sequence.computed / options_.prefill_chunk + 1) * options_.prefill_chunk;
  return std::min(sequence.pending(), cut - sequence.computed);
}

void Engine::Impl::run(const std::vector<Sequence*>& batch) {
  plan_.clear();
  rows_.clear();
  for (const Sequence* sequence : batch) {
    const int64_t rows = next_rows(*sequence);
    const auto ids =
        std::span(sequence->tokens)
            .subspan(static_cast<size_t>(sequence->computed), static_cast<size_t>(rows));
    const bool last = rows == sequence->pending();
    plan_.add(pool_, sequence->slot, sequence->computed, ids,
              last ? BatchPlan::Logits::Last : BatchPlan::Logits::None);
    rows_.push_back(rows);
  }
  const TensorView logits = logits_.room(static_cast<int64_t>(plan_.logit_rows().size()));
  Device* const device = loaded_.decoder.device();
  loaded_.decoder.forward(
      context_, {plan_.ids(), plan_.view(device), plan_.logit_rows(), pool_.states(), logits});
}

void Engine::Impl::commit(const std::vector<Sequence*>& batch) {
  std::vector<Sequence*> choosing;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (rows_[i] == batch[i]->pending()) choosing.push_back(batch[i]);
    batch[i]->computed += rows_[i];
  }
  float* logits = logits_.on_host().f32();
  for (Sequence* sequence : choosing) {
    const std::span<float> row(logits, static_cast<size_t>(model_.vocabulary()));
    logits += model_.vocabulary();
    try {
      accept(*sequence, sequence->sampler.choose(row, sequence->tokens, sequence->computed));
    } catch (const std::exception& error) {  // NaN, or what the caller's callback throws
      finish(*sequence, FinishReason::Failed, error.what());
    }
  }
}

void Engine::Impl::accept(Sequence& sequence, int32_t id) {
  if (sequence.first_token_at == 0) sequence.first_token_at = engine_clock();
  sequence.tokens.push_back(id);
  sequence.output.ids.push_back(id);
  std::string piece = sequence.text.push(id);
  const bool stops = sequence.text.stopped() || (sequence.options.stop_at_end && loaded_.ends(id));
  const bool is_full =
      static_cast<int64_t>(sequence.output.ids.size()) >= sequence.options.max_tokens ||
      static_cast<int64_t>(sequence.tokens.size()) > options_.context_length;
  if (stops || is_full) piece += sequence.text.finish();
  if (sequence.on_token) sequence.on_token(id, piece);
  if (stops || is_full) finish(sequence, stops ? FinishReason::Stop : FinishReason::Length);
}

void Engine::Impl::lose(Sequence& sequence, const std::string& error) {
  if (sequence.done) return;
  if (sequence.options.conversation) conversation(*sequence.options.conversation).is_lost = true;
  finish(sequence, FinishReason::Failed, error);
}

void Engine::Impl::finish(Sequence& sequence, FinishReason reason, std::string error) {
  sequence.text.finish();
  Output& output = sequence.output;
  output.text = sequence.text.text();
  output.finish = reason;
  output.error = std::move(error);
  const double end = engine_clock();
  if (sequence.admitted_at > 0) {
    const double first = sequence.first_token_at > 0 ? sequence.first_token_at : end;
    output.prompt_seconds = first - sequence.admitted_at;
    output.decode_seconds = end - first;
  }
  sequence.done = true;
  ++finished_;
  if (sequence.options.conversation) {
    Conversation& dialogue = conversation(*sequence.options.conversation);
    sequence.tokens.resize(static_cast<size_t>(sequence.computed));
    dialogue.consumed = std::move(sequence.tokens);
    dialogue.busy = false;
  } else if (sequence.slot >= 0) {
    pool_.release(sequence.slot);
  }
}

}  // namespace jet
