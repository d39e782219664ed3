// An engine that Python's threads share: one of them computes at a time, without the interpreter's
// lock.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <jet/engine.h>

namespace jet::python {

class Session {
 public:
  Session(Model model, const EngineOptions& options) : engine_(std::move(model), options) {}

  // The engine for one thread, as long as this lives. Made with the interpreter's lock, which is
  // given up while another thread computes; Ctrl-C ends the waiting. Throws Error in a callback of
  // the session's own.
  class Hold {
   public:
    explicit Hold(Session& session);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    Engine* operator->() const { return &session_.engine_; }
    Engine& operator*() const { return session_.engine_; }

   private:
    Session& session_;
  };

  // Closes the conversation when the engine is next held: at once is not possible in a destructor.
  void abandon(ConversationId id);

 private:
  Engine engine_;
  std::timed_mutex busy_;
  std::atomic<std::thread::id> holder_;
  std::mutex abandoned_lock_;
  std::vector<ConversationId> abandoned_;
};

}  // namespace jet::python
