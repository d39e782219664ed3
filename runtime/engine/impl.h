// The inside of jet::Engine: requests, conversations, and the state they share.
#pragma once

#include <list>
#include <map>
#include <vector>

#include <jet/engine.h>

#include "core/context.h"
#include "runtime/batch_plan.h"
#include "runtime/decode_graphs.h"
#include "runtime/engine/sequence.h"
#include "runtime/logits.h"
#include "runtime/model/loaded_model.h"
#include "runtime/state/snapshots.h"
#include "runtime/state/state_file.h"
#include "runtime/state/state_pool.h"

namespace jet {

class Engine::Impl {
 public:
  Impl(Model model, const EngineOptions& options);

  RequestId submit(Request request, OnToken on_token);
  bool step();
  Job& find(RequestId id);
  Output take(RequestId id);
  ConversationId open_conversation();
  ConversationId fork_conversation(ConversationId id);
  void close_conversation(ConversationId id);
  void save_conversation(ConversationId id, const std::string& path, const std::string& note);
  ConversationId load_conversation(const std::string& path, std::string* note);
  std::optional<SavedState> save_snapshot(std::span<const int32_t> tokens, const std::string& salt,
                                          const std::string& note);
  void load_snapshot(const SavedState& saved, const std::string& salt);

  // A dialogue's place between requests: its slot, and the tokens that the state has consumed.
  struct Conversation {
    int32_t slot;
    std::vector<int32_t> consumed;
    bool busy = false;     // a request has the tokens
    bool is_lost = false;  // the state cannot be trusted
  };
  Conversation& conversation(ConversationId id);
  Conversation& idle_conversation(ConversationId id);  // Throws Error when it is busy or lost.

  const Model& model() const { return model_; }
  const EngineOptions& options() const { return options_; }
  const StatePool& pool() const { return pool_; }
  Snapshots& snapshots() { return snapshots_; }
  EngineStats stats() const;
  int64_t state_bytes_in_use() const { return pool_.bytes_in_use() - snapshots_.bytes_alone(); }

 private:
  struct Row {  // of a step: a sequence and how many of its tokens
    Job* job;
    Sequence* sequence;
    int64_t tokens;
  };
  using LogitRows = std::vector<std::span<float>>;

  // requests.cpp, conversations.cpp
  void check_request(const Request& request, int64_t consumed) const;
  void check_width(const Request& request) const;
  const Tokenizer* tokenizer() const;
  ConversationId add_conversation(int32_t slot, std::vector<int32_t> consumed);
  SequenceState unpack(const StateFile& file) const;
  int32_t restore(const SequenceState& state);
  [[noreturn]] void fail_no_place() const;

  // admission.cpp
  int64_t most_tokens(int64_t prompt_end, const Request& request) const;
  int64_t bytes_needed(int64_t prompt_end, const Request& request) const;
  int64_t free_places() const;
  bool admit(Job& job);
  bool take_place(Job& job, const Snapshot* start);

  // step.cpp
  void schedule();
  int64_t next_tokens(const Job& job, const Sequence& sequence) const;
  int64_t last_cut(const Job& job) const;
  void run();
  void forward(BatchPlan& plan, const TensorView& logits);
  void count_step();
  static bool scores_prompt(const Job& job, const Sequence& sequence);
  void score_prompt(Job& job, int64_t position, std::span<const float> logits);
  void commit();
  void keep_snapshot(const Job& job, const Sequence& sequence);

  // answers.cpp
  void choose(Job& job, std::span<const size_t> sequences, const LogitRows& logits);
  void fork_answers(Job& job);
  void accept(Job& job, Sequence& sequence, int32_t id);
  void lose(Job& job, const std::string& error);
  void finish(Job& job, FinishReason reason, const std::string& error = {});
  void finish(Job& job, Sequence& sequence, FinishReason reason, const std::string& error = {});
  void complete(Job& job);

  // beams.cpp
  void advance_beams(Job& job, const LogitRows& logits);
  void reorder_beams(Job& job);
  void finish_beams(Job& job);

  Model model_;
  const LoadedModel& loaded_;
  EngineOptions options_;
  ThreadPool threads_;
  Arena arena_;
  Context context_;
  StatePool pool_;
  Snapshots snapshots_;
  BatchPlan plan_;
  BatchPlan prompts_;  // on a device the rows of prompts, beside those that decode
  Logits logits_;      // of the rows that choose
  DecodeGraphs graphs_;
  std::vector<Row> batch_;        // of the running step; a job's rows stand together
  std::vector<size_t> choosing_;  // sequences of a job that choose in this step
  LogitRows chosen_from_;         // and their logits
  std::list<Job> jobs_;           // in order of arrival
  std::map<ConversationId, Conversation> conversations_;
  EngineStats stats_;
  uint64_t next_id_ = 1;
  int64_t finished_ = 0;   // jobs, ever
  bool stepping_ = false;  // step is running: callbacks must not call it
};

// Seconds on a clock that only moves forward.
double engine_clock();

}  // namespace jet
