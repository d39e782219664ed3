// Requests in, tokens out: several at once, each with its own sampling.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <jet/model.h>
#include <jet/request.h>

namespace jet {

// Auto: the type of computing. Q8_0: blocks of 32 numbers of 8 bits with a scale, on the CPU; heads
// must be multiples of 32 wide. FP8: 8-bit floats (e4m3), on CUDA.
enum class StateType { Auto, F32, BF16, F16, Q8_0, FP8 };

struct EngineOptions {
  int threads = 0;  // 0: as many as this process may use
  // Most tokens of one sequence, prompt included; 0: the model's trained context. A prompt beyond
  // it is refused, an answer that reaches it ends with FinishReason::Length.
  int64_t context_length = 0;
  // Sequences that are computed or kept at the same time: each conversation, each answer or beam of
  // a running request is one.
  int64_t max_sequences = 8;
  // Bytes of all states: of sequences and of snapshots. A request waits until all that it may
  // become fits; snapshots give way to it. 0: max_sequences at full context and snapshot_bytes.
  int64_t state_bytes = 0;
  // At most so many of them for snapshots: states after prompts and answers, from which a request
  // that begins with the same tokens goes on. The least recently used goes first. 0: none.
  int64_t snapshot_bytes = int64_t{256} << 20;
  // Go on only from snapshots of prompts at multiples of 64 tokens: then a request's tokens are the
  // same bits whether anything was reused or not, on every path. Otherwise those after whole
  // prompts and answers serve as well; they equal the conversation that went on without a break
  // and, on the float32 path, a cold start too.
  bool exact_reuse = false;
  int64_t prefill_chunk = 512;  // prompts are computed in pieces of this many tokens; 64 divides it
  int64_t step_tokens = 2048;   // pieces of several prompts share a step up to this many tokens
  StateType kv_type = StateType::Auto;  // of attention's keys and values
  // Of recurrent states: F32, or on CUDA BF16, rounded up or down by chance so that the mean stays.
  StateType recurrent_type = StateType::F32;
};

// What an engine has done and holds. Counts never fall.
struct EngineStats {
  int64_t steps = 0;
  int64_t tokens = 0;          // computed: rows of all steps
  int64_t cached = 0;          // taken from snapshots instead
  double bytes = 0;            // moved by those steps, as the cost model counts them
  int64_t snapshots = 0;       // now kept
  int64_t snapshot_bytes = 0;  // now kept
};

struct StateFile;  // the inside of SavedState: runtime/state/state_file.h

// What a sequence has consumed and its state, copied out of an engine: lives as long as it likes,
// and may be read and written in any thread. Cheap to copy.
class SavedState {
 public:
  // Throws Error naming the file: it cannot be read, is no state or is damaged.
  static SavedState read(const std::string& path);
  // Whole or not at all. Throws Error naming the file.
  void write(const std::string& path) const;

  std::vector<int32_t> ids() const;  // consumed
  int64_t bytes() const;             // of the ids and the state
  const std::string& note() const;   // the caller's

  explicit SavedState(std::shared_ptr<const StateFile> file) : file_(std::move(file)) {}
  const StateFile& file() const { return *file_; }

 private:
  std::shared_ptr<const StateFile> file_;
};

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
  int64_t state_bytes() const;         // that may be in use: EngineOptions::state_bytes
  int64_t state_bytes_in_use() const;  // by requests and conversations now in the engine
  EngineStats stats() const;

  // Throws Error on a request that can never run: an empty prompt, an unknown token, an option out
  // of range, more tokens than the context or more states than the engine has.
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

  // Keeps a sequence's place and state from request to request, also from one that was cancelled.
  // Throws Error when all places are taken.
  ConversationId open_conversation();
  // A second conversation that begins where this one stands; neither sees what the other says next.
  ConversationId fork_conversation(ConversationId id);
  void close_conversation(ConversationId id);
  const std::vector<int32_t>& conversation_ids(ConversationId id) const;  // consumed so far
  int64_t conversation_tokens(ConversationId id) const;                   // how many
  // (both throw Error while a request of the conversation runs)

  // Writes what the conversation has consumed and its state to a file, whole or not at all, and
  // reads it again, in any process, where it goes on exactly: nothing is computed again. `note` is
  // any text of the caller's. Throws Error naming the file: it cannot be written, is damaged, or
  // was made with another model, another type of computing, other types of states or a longer
  // context than this engine's.
  void save_conversation(ConversationId id, const std::string& path,
                         const std::string& note = {}) const;
  ConversationId load_conversation(const std::string& path, std::string* note = nullptr);

  // A copy of the longest snapshot of the salt that has consumed `tokens` or a beginning of them.
  // Nothing: none is kept.
  std::optional<SavedState> save_snapshot(std::span<const int32_t> tokens,
                                          const std::string& salt = {},
                                          const std::string& note = {});
  // Keeps the state as a snapshot for requests of the salt that begin with its tokens. Throws Error
  // as load_conversation does, and where snapshot_bytes do not hold it.
  void load_snapshot(const SavedState& state, const std::string& salt = {});
  void drop_snapshots();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace jet
