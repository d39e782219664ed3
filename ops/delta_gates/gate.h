// Decay and write strength of one token and head.
#pragma once

#include <cmath>

#include "ops/activations.h"

namespace jet {

struct DeltaGate {
  float g;     // log of the decay, <= 0
  float beta;  // in [0, 1]
};

// Few numbers, so in float64.
inline DeltaGate delta_gate(float a, float b, float a_log, float dt_bias) {
  return {static_cast<float>(-std::exp(double{a_log}) * softplus(double{a} + dt_bias)),
          static_cast<float>(sigmoid(double{b}))};
}

}  // namespace jet
