// Paths to endpoints: who may ask, what is asked, of which model.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/api/access.h"
#include "serve/api/endpoints.h"
#include "serve/api/saved_conversations.h"
#include "serve/api/workers.h"

namespace jet::serve {

class Api {
 public:
  // `connections` counts the open ones, for /metrics.
  // `state_directory`: SavedConversations'.
  Api(Access access, std::function<size_t()> connections, const std::string& state_directory);

  // For HttpOptions::handle: answers at once or hands on.
  void handle(const std::shared_ptr<Exchange>& exchange);

  // From any thread. Before ready() and after drain() everything but what is running gets 503.
  void ready(std::vector<std::unique_ptr<ServedModel>> models);
  void drain() { state_ = State::Draining; }

 private:
  enum class State { Loading, Ready, Draining };

  void answer(const std::shared_ptr<Exchange>& exchange);
  void health(Exchange& exchange) const;
  bool get(const std::shared_ptr<Exchange>& exchange);
  bool post(const std::shared_ptr<Exchange>& exchange);
  bool remove(const std::shared_ptr<Exchange>& exchange);
  void check_state() const;
  ServedModel& model_of(Body& body) const;
  ServedModel& find_model(const std::string& name) const;

  const Access access_;
  const std::function<size_t()> connections_;
  std::vector<std::unique_ptr<ServedModel>> models_;  // complete before the state is Ready
  std::atomic<State> state_{State::Loading};
  const SavedConversations saved_;
  Workers workers_;  // ends before what its work uses
  Workers disk_;     // a slow one keeps no one from the engine
};

}  // namespace jet::serve
