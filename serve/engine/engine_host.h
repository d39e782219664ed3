// The thread that owns an engine: requests come in by a queue, tokens go out by callbacks, all on
// that thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <jet/engine.h>

#include "serve/engine/model_metrics.h"

namespace jet::serve {

// The requests that one HTTP request asks for. Cancelled together, from any thread; it takes effect
// before the engine's next step.
struct Group {
  std::atomic<bool> cancelled{false};
};

// Of the last three one is called, once, whatever becomes of the request.
struct Job {
  Request request;
  OnToken on_token;
  std::function<void(Output)> on_done;
  std::function<void(const std::string& why)> on_refused;  // the engine does not take it
  std::function<void()> on_lost;  // one of the two threw, as where memory is short; must not throw
};

class EngineHost {
 public:
  // At most `max_waiting` requests may wait for the engine beyond those that it can run at a time.
  EngineHost(Model model, const EngineOptions& options, size_t max_waiting);
  // Cancels what is left.
  ~EngineHost();
  EngineHost(const EngineHost&) = delete;
  EngineHost& operator=(const EngineHost&) = delete;

  // All or none. False: the queue is full, or the host is closing.
  bool submit(std::vector<Job> jobs, const std::shared_ptr<Group>& group);
  void cancel(const std::shared_ptr<Group>& group);
  // Cancels everything and takes no more.
  void close();
  // Runs `work` on the engine's thread, between two steps, and throws what it throws. False: the
  // host is closing.
  bool with_engine(const std::function<void(Engine&)>& work);

  const Model& model() const { return model_; }
  int64_t context_length() const { return context_length_; }
  ModelMetrics& metrics() { return metrics_; }
  // A snapshot for /metrics.
  struct Load {
    size_t running = 0;
    size_t waiting = 0;
    int64_t state_bytes = 0;
    int64_t state_bytes_in_use = 0;
  };
  Load load() const;

 private:
  struct Active {
    Job job;
    std::shared_ptr<Group> group;
    RequestId id = 0;  // once the engine has it
    double submitted = 0;
    size_t places = 1;               // answers that are computed
    std::vector<double> last_token;  // of each answer: when
  };

  using Actives = std::list<Active>;  // they move between lists without taking memory

  void run();
  void admit(Actives arrived);
  void note_token(Active& active, const Token& token);
  void leave(const Active& active);
  void finish(Active& active, Output output);
  static void tell(const Active& active, const std::function<void()>& call);

  Model model_;
  Engine engine_;
  int64_t context_length_;
  size_t capacity_;  // running and waiting
  size_t max_running_;
  ModelMetrics metrics_;
  Actives active_;  // the thread's own

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Actives arrived_;
  std::vector<std::packaged_task<void(Engine&)>> tasks_;
  size_t places_ = 0;  // answers, arrived or active
  int64_t state_bytes_in_use_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace jet::serve
