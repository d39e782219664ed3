// A tensor of a file: its name, and its bytes in the file's mapping.
#pragma once

#include <string>

#include "core/tensor.h"

namespace jet {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace jet
