// The tensors a layer has in a checkpoint: name, shape, and how a new one is initialised.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace jet {

enum class Init {
  Normal,  // N(0, initializer_range)
  Zeros,
  Ones,
  DecayRate,  // log A, A ~ U(0, 16): A_log of a linear-attention block
  TimeStep,   // softplus^-1(dt), dt log-uniform in [1e-3, 0.1]: its dt_bias
};

struct TensorSpec {
  std::string name;  // below the layer's prefix: "q_proj.weight"
  Shape shape;
  Init init = Init::Normal;
  bool float32 = false;     // kept in float32 whatever the checkpoint's type
  bool keep_float = false;  // a matrix so small and sensitive that it never becomes blocks
};

// Gives a layer its tensors by the names in its TensorSpecs; shapes have been checked, absent
// tensors are an Error.
using TensorSource = std::function<Tensor(std::string_view name)>;

}  // namespace jet
