// The activations of the models, safe for inputs of any size.
#pragma once

#include <cmath>
#include <cstdint>

namespace jet {

// 1 / (1 + exp(-x)). The exponential is of -|x|, so it cannot overflow.
inline double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}

// log(1 + exp(x)); above 40 this is x to the last bit.
inline double softplus(double x) { return x > 40.0 ? x : std::log1p(std::exp(x)); }

// y[i] = x[i] sigmoid(x[i]) for i < n, in SIMD; y may be x. A number's result does not depend on
// its place in the row.
void silu(const float* x, int64_t n, float* y);

}  // namespace jet
