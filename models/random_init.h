// New checkpoints with random weights: for benchmarks, and to begin training from.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "models/checkpoint.h"

namespace jet {

// Every tensor of the config by its TensorSpec's Init, in the config's type; the same seed gives
// the same bits. `config` is a parsed config.json, `where` its name for messages.
// `progress(done, all)` counts parameters; what it throws ends the work.
Checkpoint random_checkpoint(const Json& config, std::string_view where, uint64_t seed,
                             const std::function<void(int64_t, int64_t)>& progress = {});

}  // namespace jet
