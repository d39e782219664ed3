// jet::Engine: its options, and its calls handed to the inside.
#include <algorithm>

#include <jet/engine.h>

#include "core/checked.h"
#include "core/float8.h"
#include "runtime/engine/impl.h"

namespace jet {
namespace {

constexpr int64_t kCut = 64;              // prompts are cut at multiples of this
constexpr int64_t kMostSnapshots = 4096;  // by then finding one takes as long as a step

void expect_range(std::string_view option, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most)
    fail("{} is {}, expected {} to {}", option, value, least, most);
}

EngineOptions checked(EngineOptions options, const LoadedModel& model) {
  constexpr int64_t kMost = int64_t{1} << 30;
  constexpr int64_t kMostBytes = int64_t{1} << 50;
  if (options.threads == 0) options.threads = available_threads();
  if (options.context_length == 0) options.context_length = model.decoder.spec().max_positions;
  expect_range("threads", options.threads, 1, 1024);
  expect_range("context_length", options.context_length, 1, kMost);
  expect_range("max_sequences", options.max_sequences, 1, 1 << 20);
  expect_range("state_bytes", options.state_bytes, 0, kMostBytes);
  expect_range("snapshot_bytes", options.snapshot_bytes, 0, kMostBytes);
  expect_range("prefill_chunk", options.prefill_chunk, 1, kMost);
  if (options.prefill_chunk % kCut != 0)
    fail("prefill_chunk is {}, expected a multiple of {}", options.prefill_chunk, kCut);
  expect_range("step_tokens", options.step_tokens, 1, kMost);
  return options;
}

// How many snapshots the bytes for them can hold at best.
int64_t snapshot_slots(const EngineOptions& options, int64_t slot_bytes, int64_t page_bytes) {
  const int64_t each = std::max(int64_t{1}, slot_bytes > 0 ? slot_bytes : page_bytes);
  return std::min(options.snapshot_bytes / each, kMostSnapshots);
}

DType recurrent_type(const EngineOptions& options, const Decoder& decoder) {
  if (options.recurrent_type == StateType::F32) return DType::F32;
  if (options.recurrent_type != StateType::BF16 || decoder.device() == nullptr)
    fail("recurrent_type: expected f32, or on CUDA bf16");
  return DType::BF16;
}

StatePoolOptions pool_options(const EngineOptions& options, const Decoder& decoder) {
  const DType kv = options.kv_type == StateType::F32    ? DType::F32
                   : options.kv_type == StateType::BF16 ? DType::BF16
                   : options.kv_type == StateType::F16  ? DType::F16
                   : options.kv_type == StateType::Q8_0 ? DType::Q8_0
                   : options.kv_type == StateType::FP8  ? kFloat8
                                                        : decoder.numbers();
  if (kv == kFloat8 && decoder.device() == nullptr)
    fail("kv_type: fp8 is for CUDA; the CPU keeps keys and values in f32, bf16, f16 or q8_0");
  StatePoolOptions pool{.sequences = options.max_sequences,
                        .context = options.context_length,
                        .types = {.attention = kv,
                                  .recurrence = recurrent_type(options, decoder),
                                  .convolution = decoder.numbers()},
                        .device = decoder.device()};
  const StateUnits units = state_units(decoder.states(), pool.types, pool.page_tokens);
  const int64_t pages_each = (options.context_length + pool.page_tokens - 1) / pool.page_tokens;
  pool.pages = checked_mul(options.max_sequences, pages_each);
  pool.budget = options.state_bytes;
  if (units.page > 0) pool.pages = checked_add(pool.pages, options.snapshot_bytes / units.page);
  if (pool.budget == 0) {
    const int64_t each = checked_add(units.slot, checked_mul(pages_each, units.page));
    pool.budget = checked_add(checked_mul(options.max_sequences, each), options.snapshot_bytes);
  } else if (units.page > 0) {
    pool.pages = std::clamp(pool.budget / units.page, int64_t{1}, pool.pages);
  }
  pool.sequences += snapshot_slots(options, units.slot, units.page);
  return pool;
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

Engine::Impl::Impl(Model model, const EngineOptions& options)
    : model_(std::move(model)),
      loaded_(model_.loaded()),
      options_(checked(options, loaded_)),
      threads_(options_.threads),
      arena_(loaded_.decoder.device(), loaded_.decoder.numbers()),
      context_{threads_, arena_, loaded_.decoder.device()},
      pool_(loaded_.decoder.states(), pool_options(options_, loaded_.decoder)),
      snapshots_(pool_, options_.snapshot_bytes,
                 pool_.options().sequences - options_.max_sequences),
      logits_(loaded_.decoder) {
  batch_.reserve(static_cast<size_t>(options_.max_sequences));
}

EngineStats Engine::Impl::stats() const {
  EngineStats stats = stats_;
  stats.snapshots = snapshots_.size();
  stats.snapshot_bytes = snapshots_.bytes();
  return stats;
}

Engine::Engine(Model model, const EngineOptions& options)
    : impl_(std::make_unique<Impl>(std::move(model), options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const Model& Engine::model() const { return impl_->model(); }
int64_t Engine::context_length() const { return impl_->options().context_length; }
int64_t Engine::state_bytes() const { return impl_->pool().budget(); }
int64_t Engine::state_bytes_in_use() const { return impl_->state_bytes_in_use(); }
EngineStats Engine::stats() const { return impl_->stats(); }

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
ConversationId Engine::fork_conversation(ConversationId id) { return impl_->fork_conversation(id); }
void Engine::close_conversation(ConversationId id) { impl_->close_conversation(id); }
const std::vector<int32_t>& Engine::conversation_ids(ConversationId id) const {
  return impl_->idle_conversation(id).consumed;
}
int64_t Engine::conversation_tokens(ConversationId id) const {
  return static_cast<int64_t>(conversation_ids(id).size());
}
void Engine::save_conversation(ConversationId id, const std::string& path,
                               const std::string& note) const {
  impl_->save_conversation(id, path, note);
}
ConversationId Engine::load_conversation(const std::string& path, std::string* note) {
  return impl_->load_conversation(path, note);
}
std::optional<SavedState> Engine::save_snapshot(std::span<const int32_t> tokens,
                                                const std::string& salt, const std::string& note) {
  return impl_->save_snapshot(tokens, salt, note);
}
void Engine::load_snapshot(const SavedState& state, const std::string& salt) {
  impl_->load_snapshot(state, salt);
}
void Engine::drop_snapshots() { impl_->snapshots().clear(); }

}  // namespace jet
