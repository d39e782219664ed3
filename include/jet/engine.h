// Requests in, tokens out: several at once, each with its own sampling.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jet/model.h>

namespace jet {

enum class StateType { Auto, F32, BF16, F16 };  // Auto: the type of computing

struct EngineOptions {
  int threads = 0;  // 0: as many as this process may use
  int64_t context_length =
      0;  // most tokens of one sequence, prompt included; 0: the model's trained context
  int64_t max_sequences = 8;    // that are computed or kept at the same time
  int64_t prefill_chunk = 512;  // prompts are computed in pieces of this many tokens
  int64_t step_tokens = 2048;   // pieces of several prompts share a step up to this many tokens
  StateType kv_type = StateType::Auto;  // of attention's keys and values
};

// How the next token is chosen. In this order: repetition penalty, temperature, top-k, top-p,
// min-p.
struct Sampling {
  double temperature =
      0;              // 0: the likeliest token (greedy); the rest but the penalty is then unused
  int64_t top_k = 0;  // only the k likeliest; 0: all
  double top_p = 1;   // the fewest tokens whose probabilities reach p
  double min_p = 0;   // only tokens with at least min_p times the largest probability
  double repetition_penalty =
      1;  // of tokens of the prompt and the answer: logits above 0 divided by it, others multiplied
  uint64_t seed = 0;  // the same seed, prompt and options give the same text
};

using RequestId = uint64_t;
// A dialogue whose state stays in the engine between requests.
using ConversationId = uint64_t;

struct Request {
  std::vector<int32_t> prompt = {};  // in a conversation: what follows the tokens it has consumed
  int64_t max_tokens = 256;
  Sampling sampling = {};
  std::vector<std::string> stop = {};  // the text ends before the first of these; needs a tokenizer
  bool stop_at_end = true;             // at the model's end-of-text tokens
  std::optional<ConversationId> conversation = {};
};

enum class FinishReason {
  Stop,    // an end token or a stop string
  Length,  // max_tokens, or the context is full
  Cancelled,
  Failed,  // Output::error says why
};
const char* name(FinishReason reason);  // "stop", "length", "cancelled", "error"

struct Output {
  std::vector<int32_t> ids;  // an end token included
  std::string text;  // whole characters; without special tokens and the stop string; empty without
                     // a tokenizer
  FinishReason finish = FinishReason::Stop;
  std::string error;
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;  // of the context that were not computed again
  double prompt_seconds = 0;  // from admission to the first token
  double decode_seconds = 0;  // from the first token to the last
};

// Called when a token was chosen, with the text that became complete by it (often a word, sometimes
// nothing).
using OnToken = std::function<void(int32_t id, const std::string& text)>;

// Not for use from several threads at once; a server calls it from one.
class Engine {
 public:
  // Throws Error when an option is out of range or memory for the states cannot be had.
  Engine(Model model, const EngineOptions& options = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  const Model& model() const;
  int64_t context_length() const;
  int64_t state_bytes() const;         // of all sequences at full length
  int64_t state_bytes_in_use() const;  // by sequences now in the engine

  // Throws Error on a request that can never run: an empty prompt, an unknown token, one longer
  // than the context.
  RequestId submit(Request request, OnToken on_token = {});
  // One round of schedule, run, commit over all requests. False when there was nothing to do.
  bool step();
  bool finished(RequestId id) const;
  // The result of a finished request, once: the engine forgets it. Throws Error on one that is not
  // finished.
  Output take(RequestId id);
  void cancel(
      RequestId id);  // takes effect before the next step; what there is remains to be taken

  // submit, step until finished, take.
  Output generate(Request request, OnToken on_token = {});

  // Keeps a sequence's place and state from request to request. Throws Error when all places are
  // taken.
  ConversationId open_conversation();
  void close_conversation(ConversationId id);
  int64_t conversation_tokens(ConversationId id) const;  // consumed so far

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jet
