// jet::Engine: its options, and its calls handed to the inside.
#include <jet/engine.h>

#include "core/error.h"
#include "runtime/engine/impl.h"

namespace jet {
namespace {

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

StatePoolOptions pool_options(const EngineOptions& options, const Decoder& decoder) {
  const DType kv = options.kv_type == StateType::F32    ? DType::F32
                   : options.kv_type == StateType::BF16 ? DType::BF16
                   : options.kv_type == StateType::F16  ? DType::F16
                                                        : decoder.numbers();
  return {.sequences = options.max_sequences,
          .context = options.context_length,
          .types = {.attention = kv, .convolution = decoder.numbers()},
          .device = decoder.device()};
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
      logits_(loaded_.decoder) {}

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
