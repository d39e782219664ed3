// A model under its name, as requests ask for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/memory_report.h"
#include "serve/engine/engine_host.h"

namespace jet::serve {

struct ServedModel {
  std::string name;
  std::string path;     // as given on the command line
  int64_t created = 0;  // seconds since 1970
  StateTypes state_types;
  std::unique_ptr<EngineHost> host;

  const Model& model() const { return host->model(); }
};

}  // namespace jet::serve
