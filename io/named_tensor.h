// A tensor of a file: its name, and its bytes in the file's mapping.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/tensor.h"

namespace jet {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// Called after each tensor that a writer wrote, with its bytes. It may throw to stop: then nothing
// is left of the file.
using OnWritten = std::function<void(int64_t bytes)>;

}  // namespace jet
