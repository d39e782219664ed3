// The activations of the models, in float32, safe for inputs of any size.
#pragma once

#include <cmath>
#include <cstdint>

namespace jet {

// 1 / (1 + exp(-x)). The exponential is of -|x|, so it cannot overflow.
inline float sigmoid(float x) {
  const float e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

// log(1 + exp(x)); above 20 this is x to the last bit of a float32.
inline float softplus(float x) { return x > 20.0f ? x : std::log1p(std::exp(x)); }

// y[i] = x[i] sigmoid(x[i]) for i < n, in SIMD; y may be x. A number's result does not depend on
// its place in the row.
void silu(const float* x, int64_t n, float* y);

}  // namespace jet
