// The inside of jet::Engine: requests, conversations, and the state they share.
#pragma once

#include <list>
#include <map>
#include <vector>

#include <jet/engine.h>

#include "core/context.h"
#include "runtime/batch_plan.h"
#include "runtime/engine/sequence.h"
#include "runtime/logits.h"
#include "runtime/model/loaded_model.h"
#include "runtime/state/state_pool.h"

namespace jet {

class Engine::Impl {
 public:
  Impl(Model model, const EngineOptions& options);

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
    bool is_lost = false;  // a step failed midway: the state cannot be trusted
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
  void lose(Sequence& sequence, const std::string& error);
  void finish(Sequence& sequence, FinishReason reason, std::string error = {});

  Model model_;
  const LoadedModel& loaded_;
  EngineOptions options_;
  ThreadPool threads_;
  Arena arena_;
  Context context_;
  StatePool pool_;
  BatchPlan plan_;
  Logits logits_;
  std::vector<int64_t> rows_;      // of each sequence in the running batch
  std::list<Sequence> sequences_;  // in order of arrival
  std::map<ConversationId, Conversation> conversations_;
  uint64_t next_id_ = 1;
  int64_t finished_ = 0;   // sequences, ever
  bool stepping_ = false;  // step is running: callbacks must not call it
};

// Seconds on a clock that only moves forward.
double engine_clock();

}  // namespace jet
