// A model under its name, as requests ask for it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "models/memory_report.h"
#include "serve/engine/conversations.h"
#include "serve/engine/engine_host.h"
#include "text/constraint/token_constraint.h"

namespace jet::serve {

struct ServedModel {
  std::string name;
  std::string path;     // as given on the command line
  int64_t created = 0;  // seconds since 1970
  StateTypes state_types;
  Conversations conversations;
  std::unique_ptr<EngineHost> host;
  // For constrained answers: made when the first is asked for.
  std::once_flag tokens_made;
  std::shared_ptr<const TokenTable> tokens;

  const Model& model() const { return host->model(); }
};

}  // namespace jet::serve
