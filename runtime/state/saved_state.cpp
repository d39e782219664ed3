// jet::SavedState over a StateFile.
#include <jet/engine.h>

#include "runtime/state/state_file.h"

namespace jet {

SavedState SavedState::read(const std::string& path) {
  return SavedState(std::make_shared<const StateFile>(read_state(path)));
}

void SavedState::write(const std::string& path) const { write_state(path, *file_); }

std::vector<int32_t> SavedState::ids() const { return consumed(*file_); }

int64_t SavedState::bytes() const {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : file_->tensors) bytes += tensor.view().bytes();
  return bytes;
}

const std::string& SavedState::note() const { return file_->metadata.at("note"); }

}  // namespace jet
