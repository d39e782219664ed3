// The loop: schedule (which sequences, how many tokens each), run (one ragged batch), commit
// (choose, stop, stream).
#include <algorithm>
#include <chrono>
#include <exception>

#include "core/error.h"
#include "runtime/engine/impl.h"
#include "runtime/sampling/log_probabilities.h"

namespace jet {
namespace {

constexpr int64_t kCut = 64;  // prompts are cut at multiples of this

// A step runs, until it ends or throws.
class Running {
 public:
  explicit Running(bool& flag) : flag_(flag) { flag_ = true; }
  ~Running() { flag_ = false; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  bool& flag_;
};

}  // namespace

double engine_clock() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool Engine::Impl::step() {
  if (stepping_) fail("step was called from a token callback");
  const Running running(stepping_);
  batch_.clear();
  const int64_t finished_before = finished_;
  for (Job& job : jobs_) {
    if (job.is_lost) lose(job, "memory was exhausted");  // where this failed in an earlier step
    if (job.cancelled && !job.done) finish(job, FinishReason::Cancelled);
  }
  schedule();
  if (!batch_.empty()) {
    try {
      run();
      commit();
    } catch (const std::exception& error) {
      // Some layers may have moved on: no state of this batch can be trusted.
      for (const Row& row : batch_) row.job->is_lost = true;
      for (const Row& row : batch_) lose(*row.job, error.what());
    }
  }
  return !batch_.empty() || finished_ > finished_before;
}

// Decoding sequences first, then pieces of prompts in order of arrival until the step is full. A
// piece is never made shorter to fit: where a prompt is cut depends on its own length alone.
void Engine::Impl::schedule() {
  int64_t tokens = 0;
  const auto decodes = [](const Job& job) {
    return job.admitted() && (job.sequences.size() > 1 || job.sequences.front().pending() == 1);
  };
  for (Job& job : jobs_) {
    if (job.done || !decodes(job)) continue;
    for (Sequence& sequence : job.sequences) {
      if (!sequence.done) batch_.push_back({&job, &sequence, 1});
    }
  }
  const size_t decoding = batch_.size();
  tokens = static_cast<int64_t>(decoding);
  bool others_wait = false;  // first come, first served; those that have a place pass
  for (Job& job : jobs_) {
    if (job.done || decodes(job)) continue;
    Sequence& sequence = job.sequences.front();
    if (!job.admitted()) {
      const bool has_place = sequence.slot >= 0;
      if (others_wait && !has_place) continue;
      try {
        if (!admit(job)) {
          others_wait = others_wait || !has_place;
          continue;
        }
      } catch (const std::exception& error) {  // want of memory, or of the device
        lose(job, error.what());
      }
      if (job.done) continue;
    }
    const int64_t piece = next_tokens(job, sequence);
    if (batch_.size() > decoding && tokens + piece > options_.step_tokens) break;
    batch_.push_back({&job, &sequence, piece});
    tokens += piece;
  }
}

// Up to the next multiple of prefill_chunk; and to the last cut of the prompt, where its snapshot
// is taken.
int64_t Engine::Impl::next_tokens(const Job& job, const Sequence& sequence) const {
  int64_t end = (sequence.computed / options_.prefill_chunk + 1) * options_.prefill_chunk;
  if (sequence.computed < last_cut(job)) end = std::min(end, last_cut(job));
  return std::min(sequence.pending(), end - sequence.computed);
}

// A conversation keeps its own state and needs none.
int64_t Engine::Impl::last_cut(const Job& job) const {
  if (options_.snapshot_bytes == 0 || job.request.conversation) return 0;
  return (job.prompt_end - 1) / kCut * kCut;
}

// On a device single rows run by themselves, by the ops and graphs of decoding: what a sequence
// adds to its state does not depend on whether prompts run beside it.
void Engine::Impl::run() {
  Device* const device = loaded_.decoder.device();
  plan_.clear();
  prompts_.clear();
  const auto is_single = [](const Row& row) { return row.tokens == 1; };
  if (device != nullptr) std::stable_partition(batch_.begin(), batch_.end(), is_single);
  for (const Row& row : batch_) {
    const auto& [job, sequence, tokens] = row;
    const auto ids =
        std::span(sequence->tokens)
            .subspan(static_cast<size_t>(sequence->computed), static_cast<size_t>(tokens));
    const auto wanted = scores_prompt(*job, *sequence)  ? BatchPlan::Logits::All
                        : tokens == sequence->pending() ? BatchPlan::Logits::Last
                                                        : BatchPlan::Logits::None;
    BatchPlan& plan = device != nullptr && !is_single(row) ? prompts_ : plan_;
    plan.add(pool_, sequence->slot, sequence->computed, ids, wanted);
  }
  count_step();
  const auto first = static_cast<int64_t>(plan_.logit_rows().size());
  const auto others = static_cast<int64_t>(prompts_.logit_rows().size());
  const TensorView logits = logits_.room(first + others);
  const auto part = [&](int64_t begin, int64_t rows) {
    const int64_t row = model_.vocabulary() * static_cast<int64_t>(sizeof(float));
    return TensorView{logits.data + begin * row, DType::F32, Shape{rows, model_.vocabulary()}};
  };
  forward(plan_, part(0, first));
  forward(prompts_, part(first, others));
}

void Engine::Impl::forward(BatchPlan& plan, const TensorView& logits) {
  if (plan.empty()) return;
  const BatchView batch = plan.view(loaded_.decoder.device());
  graphs_.forward(loaded_.decoder, context_,
                  {plan.ids(), batch, plan.logit_rows(), pool_.states(), logits});
}

void Engine::Impl::count_step() {
  ++stats_.steps;
  stats_.bytes += static_cast<double>(model_.weight_bytes());
  for (const auto& [job, sequence, tokens] : batch_) {
    stats_.tokens += tokens;
    for (const LayerSpec& layer : loaded_.decoder.spec().layers)
      stats_.bytes += layer.mixer->cost(tokens, sequence->computed).bytes;
  }
}

void Engine::Impl::commit() {
  float* logits = logits_.on_host().f32();
  const auto vocabulary = static_cast<size_t>(model_.vocabulary());
  std::vector<size_t>& sequences = choosing_;
  LogitRows& rows = chosen_from_;
  for (size_t i = 0; i < batch_.size();) {
    Job& job = *batch_[i].job;
    sequences.clear();
    rows.clear();
    for (; i < batch_.size() && batch_[i].job == &job; ++i) {
      Sequence& sequence = *batch_[i].sequence;
      const bool chooses = batch_[i].tokens == sequence.pending();
      if (scores_prompt(job, sequence)) {
        const int64_t before = chooses ? batch_[i].tokens - 1 : batch_[i].tokens;
        const std::span scored(logits, static_cast<size_t>(before) * vocabulary);
        logits += scored.size();
        try {
          score_prompt(job, sequence.computed, scored);
        } catch (const std::exception& error) {
          lose(job, error.what());
          if (chooses) logits += vocabulary;
          continue;
        }
      }
      sequence.computed += batch_[i].tokens;
      if (sequence.computed <= job.prompt_end) keep_snapshot(job, sequence);
      if (!chooses) continue;
      sequences.push_back(static_cast<size_t>(&sequence - job.sequences.data()));
      rows.emplace_back(logits, vocabulary);
      logits += vocabulary;
    }
    if (sequences.empty()) continue;
    try {
      for (const auto& row : rows) check_logits(row, job.sequences[sequences.front()].computed);
    } catch (const Error& error) {
      lose(job, error.what());
      continue;
    }
    try {
      choose(job, sequences, rows);
    } catch (const std::exception& error) {  // what the caller's callbacks throw, among others
      finish(job, FinishReason::Failed, error.what());
    }
  }
}

bool Engine::Impl::scores_prompt(const Job& job, const Sequence& sequence) {
  return job.request.prompt_log_probabilities && sequence.computed < job.prompt_end;
}

// The tokens after `position`, each by its row of the logits: that of the token before it.
void Engine::Impl::score_prompt(Job& job, int64_t position, std::span<const float> logits) {
  const auto vocabulary = static_cast<size_t>(model_.vocabulary());
  for (; !logits.empty(); logits = logits.subspan(vocabulary), ++position) {
    const std::span<const float> row = logits.first(vocabulary);
    check_logits(row, position);
    const int32_t id = job.sequences.front().tokens[static_cast<size_t>(position) + 1];
    job.output.prompt_log_probabilities.push_back(
        log_probabilities(row, id, job.request.log_probabilities));
  }
}

// In the prompt: at its cuts and its end.
void Engine::Impl::keep_snapshot(const Job& job, const Sequence& sequence) {
  const int64_t at = sequence.computed;
  const bool at_cut = at % options_.prefill_chunk == 0 || at == last_cut(job);
  if (!at_cut && (at != job.prompt_end || job.request.conversation)) return;
  snapshots_.store(sequence.slot, std::span(sequence.tokens).first(static_cast<size_t>(at)),
                   job.is_cold && at % kCut == 0, job.request.cache_salt);
}

}  // namespace jet
