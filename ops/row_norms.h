// Norms of one row, in SIMD: what the norm ops and their fusions share, so that both give the same
// bits.
#pragma once

#include <cstdint>

namespace jet {

// sum of x[i]^2 for i < n, in float64 (an error of it would be one of the whole row), in an order
// that depends on n alone.
double sum_of_squares(const float* x, int64_t n);

// y = x / sqrt(mean(x^2) + eps) * weight; y may be x.
void rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* y);
// The same times silu(gate); y may be x or gate.
void gated_rms_norm_row(const float* x, const float* gate, const float* weight, int64_t n,
                        float eps, float* y);
// s = silu(x); y = scale s / sqrt(sum s^2 + eps); y may be x.
void silu_l2_norm_row(const float* x, int64_t n, float scale, float eps, float* y);

}  // namespace jet
