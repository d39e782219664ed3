// _jet.State: a sequence that keeps its place and state in the engine between calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "python/bindings/session.h"

namespace jet::python {

class State {
 public:
  explicit State(std::shared_ptr<Session> session);                  // of no tokens
  State(std::shared_ptr<Session> session, const std::string& path);  // as save left it
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::shared_ptr<State> fork() const;
  std::vector<int32_t> ids() const;  // consumed so far
  void save(const std::string& path) const;
  void close();               // gives the place back; nothing can be asked of it afterwards
  ConversationId id() const;  // Throws Error when it is closed.

 private:
  State(std::shared_ptr<Session> session, ConversationId id);
  Session& session() const;

  std::shared_ptr<Session> session_;  // null: closed
  ConversationId id_ = 0;
};

}  // namespace jet::python
