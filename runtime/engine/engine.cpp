// The loop: schedule (which sequences, how many tokens each), run (one ragged batch), commit
// (choose, stop, stream).
#include <algorithm>
#include <chrono>
#include <list>
#include <map>

#include <jet/engine.h>

#include "core/error.h"
#include "runtime/batch_plan.h"
#include "runtime/engine/sequence.h"
#include "runtime/model/loaded_model.h"
#include "runtime/state/state_pool.h"

namespace jet {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void expect_range(std::string_view option, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most)
    fail("{} is {}, expected {} to {}", option, value, least, most);
}

EngineOptions checked(EngineOptions options, const LoadedModel& model) {
  constexpr int64_t kMost = int64_t{1} << 30;
  if (options.threads == 0) options.threads = available_threads();
  if (options.context_length == 0) options.context_length = model.decoder.spec().max_positions;
  expect_range("threads", options.threads, 1, 1024);
  expect_range("context_length", options.context_length, 1, kMost);
  expect_range("max_sequences", options.max_sequences, 1, 1 << 20);
  expect_range("prefill_chunk", options.prefill_chunk, 1, kMost);
  expect_range("step_tokens", options.step_tokens, 1, kMost);
  return options;
}

StatePoolOptions pool_options(const EngineOptions& options) {
  const DType kv = options.kv_type == StateType::F32    ? DType::F32
                   : options.kv_type == StateType::BF16 ? DType::BF16
                                                        : DType::F16;
  return {.sequences = options.max_sequences,
          .context = options.context_length,
          .types = {.attention = kv}};
}

}  // namespace

const char* name(FinishReason reason) {
  switch (reason) {
    case FinishReason::Stop:
      return "stop";
    case FinishReason::Length:
      return "length";
    case FinishReason::Cancelled:
      return "cancelled";
    case FinishReason::Failed:
      break;
  }
  return "error";
}

class Engine::Impl {
 public:
  Impl(Model model, const EngineOptions& options)
      : model_(std::move(model)),
        loaded_(model_.loaded()),
        options_(checked(options, loaded_)),
        threads_(options_.threads),
        context_{threads_, arena_},
        pool_(loaded_.decoder.states(), pool_options(options_)) {}

  RequestId submit(Request request, OnToken on_token);
  bool step();
  Sequence& find(RequestId id);
  Output take(RequestId id);
  ConversationId open_conversation();
  void close_conversation(ConversationId id);

  // A dialogue's place between requests: its slot, and the tokens that the state has consumed.
  struct Conversation {
    int32_t slot;
    std::vector<int32_t> consumed;
    bool busy = false;
  };
  Conversation& conversation(ConversationId id);

  const Model& model() const { return model_; }
  const EngineOptions& options() const { return options_; }
  const StatePool& pool() const { return pool_; }

 private:
  void check_request(const Request& request, int64_t consumed) const;
  bool admit(Sequence& sequence);
  std::vector<Sequence*> schedule();
  int64_t next_rows(const Sequence& sequence) const;
  void run(const std::vector<Sequence*>& batch);
  void commit(const std::vector<Sequence*>& batch);
  void accept(Sequence& sequence, int32_t id);
  void finish(Sequence& sequence, FinishReason reason, std::string error = {});

  Model model_;
  const LoadedModel& loaded_;
  EngineOptions options_;
  ThreadPool threads_;
  Arena arena_;
  Context context_;
  StatePool pool_;
  BatchPlan plan_;
  Tensor logits_;                  // [sequences, vocabulary]
  std::vector<int64_t> rows_;      // of each sequence in the running batch
  std::list<Sequence> sequences_;  // in order of arrival
  std::map<ConversationId, Conversation> conversations_;
  uint64_t next_id_ = 1;
};

void Engine::Impl::check_request(const Request& request, int64_t consumed) const {
  check_sampling(request.sampling);
  if (request.prompt.empty()) fail("the prompt is empty; it needs at least one token");
  expect_range("max_tokens", request.max_tokens, 0, int64_t{1} << 40);
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

bool Engine::Impl::step() {
  for (Sequence& sequence : sequences_) {
    if (sequence.cancelled && !sequence.done) finish(sequence, FinishReason::Cancelled);
  }
  const std::vector<Sequence*> batch = schedule();
  if (batch.empty()) return false;
  run(batch);
  commit(batch);
  return true;
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
  for (Sequence& sequence : sequences_) {
    if (sequence.done || (sequence.admitted_at > 0 && sequence.pending() == 1)) continue;
    if (batch.size() > decoding && rows + next_rows(sequence) > options_.step_tokens) break;
    if (sequence.admitted_at == 0 && !admit(sequence)) break;  // first come, first served
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
      std::min(options_.context_length, sequence.prompt_end + sequence.options.max_tokens);
  if (!pool_.reserve(sequence.slot, length)) {
    if (!has_place) {
      pool_.release(sequence.slot);
      sequence.slot = -1;
    }
    return false;
  }
  sequence.admitted_at = now();
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
  const auto wanted = static_cast<int64_t>(plan_.logit_rows().size());
  if (!logits_ || logits_.shape()[0] < wanted) {
    logits_ = Tensor(DType::F32, Shape{std::max(wanted, int64_t{1}), model_.vocabulary()});
  }
  TensorView logits = logits_.mutable_view();
  logits.shape = Shape{wanted, model_.vocabulary()};
  loaded_.decoder.forward(context_,
                          {plan_.ids(), plan_.view(), plan_.logit_rows(), pool_.states(), logits});
}

void Engine::Impl::commit(const std::vector<Sequence*>& batch) {
  float* logits = logits_.mutable_view().f32();
  for (size_t i = 0; i < batch.size(); ++i) {
    Sequence& sequence = *batch[i];
    const bool chooses = rows_[i] == sequence.pending();
    sequence.computed += rows_[i];
    if (!chooses) continue;
    const std::span<float> row(logits, static_cast<size_t>(model_.vocabulary()));
    logits += model_.vocabulary();
    try {
      accept(sequence, sequence.sampler.choose(row, sequence.tokens, sequence.computed));
    } catch (const Error& error) {
      finish(sequence, FinishReason::Failed, error.what());
    }
  }
}

void Engine::Impl::accept(Sequence& sequence, int32_t id) {
  if (sequence.first_token_at == 0) sequence.first_token_at = now();
  sequence.tokens.push_back(id);
  sequence.output.ids.push_back(id);
  const std::string piece = sequence.text.push(id);
  if (sequence.on_token) sequence.on_token(id, piece);
  if (sequence.text.stopped() || (sequence.options.stop_at_end && loaded_.ends(id))) {
    finish(sequence, FinishReason::Stop);
  } else if (static_cast<int64_t>(sequence.output.ids.size()) == sequence.options.max_tokens ||
             static_cast<int64_t>(sequence.tokens.size()) > options_.context_length) {
    finish(sequence, FinishReason::Length);
  }
}

void Engine::Impl::finish(Sequence& sequence, FinishReason reason, std::string error) {
  const std::string rest = sequence.text.finish();
  if (!rest.empty() && sequence.on_token) sequence.on_token(sequence.output.ids.back(), rest);
  Output& output = sequence.output;
  output.text = sequence.text.text();
  output.finish = reason;
  output.error = std::move(error);
  const double end = now();
  if (sequence.admitted_at > 0) {
    const double first = sequence.first_token_at > 0 ? sequence.first_token_at : end;
    output.prompt_seconds = first - sequence.admitted_at;
    output.decode_seconds = end - first;
  }
  sequence.done = true;
  if (sequence.options.conversation) {
    Conversation& dialogue = conversation(*sequence.options.conversation);
    sequence.tokens.resize(static_cast<size_t>(sequence.computed));
    dialogue.consumed = std::move(sequence.tokens);
    dialogue.busy = false;
  } else if (sequence.slot >= 0) {
    pool_.release(sequence.slot);
  }
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

Engine::Engine(Model model, const EngineOptions& options)
    : impl_(std::make_unique<Impl>(std::move(model), options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const Model& Engine::model() const { return impl_->model(); }
int64_t Engine::context_length() const { return impl_->options().context_length; }
int64_t Engine::state_bytes() const { return impl_->pool().bytes(); }
int64_t Engine::state_bytes_in_use() const { return impl_->pool().bytes_in_use(); }

RequestId Engine::submit(Request request, OnToken on_token) {
  return impl_->submit(std::move(request), std::move(on_token));
}
bool Engine::step() { return impl_->step(); }
bool Engine::finished(RequestId id) const { return impl_->find(id).done; }
Output Engine::take(RequestId id) { return impl_->take(id); }
void Engine::cancel(RequestId id) { impl_->find(id).cancelled = true; }

Output Engine::generate(Request request, OnToken on_token) {
  const RequestId id = submit(std::move(request), std::move(on_token));
  while (!finished(id)) {
    if (!step()) fail("request {} waits for a place that none will free; close a conversation", id);
  }
  return take(id);
}

ConversationId Engine::open_conversation() { return impl_->open_conversation(); }
void Engine::close_conversation(ConversationId id) { impl_->close_conversation(id); }
int64_t Engine::conversation_tokens(ConversationId id) const {
  return static_cast<int64_t>(impl_->conversation(id).consumed.size());
}

}  // namespace jet
