// Where a model's weights go, and in which type, as its options ask.
#pragma once

#include <memory>
#include <string>

#include <jet/model.h>

#include "core/device.h"
#include "models/checkpoint.h"
#include "ops/preparer.h"

namespace jet {

struct Placement {
  std::shared_ptr<Device> device;  // null: the CPU
  std::string reason;              // why not CUDA, where it was not asked for by name
  std::unique_ptr<Preparer> preparer;
  std::string computing;  // how, for people; states of another way do not go on exactly
};

// Opens the device. Throws Error where it is not available, its memory does not hold the weights,
// or it does not compute in the type.
Placement place(const Checkpoint& checkpoint, const ModelOptions& options);

}  // namespace jet
