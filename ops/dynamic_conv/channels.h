// One token of the dynamic convolution on some channels, in SIMD.
#pragma once

#include <cstdint>

namespace jet {

// y[c] = silu( sum_i taps[c, i] u[i][c] ) for c < n, i < width in ascending order. A row u[i] that
// is nullptr is zero. `taps` is [n, width]; y must not be any u[i].
void convolve_channels(const float* taps, const float* const* u, int64_t width, int64_t n,
                       float* y);

// A sequence's rows of u seen from the current step: those of the step, before them what the state
// holds, before those nothing.
struct ConvHistory {
  const float* step;   // row 0 of the step, channel 0
  const float* state;  // [width - 1, channels] oldest first, or nullptr: padding
  int64_t channels;
  int64_t width;  // taps
  int64_t past;   // tokens before the step

  // Row r of the step, or of the state for r < 0; nullptr before the sequence's first token.
  const float* row(int64_t r) const {
    if (past + r < 0) return nullptr;
    return r >= 0 ? step + r * channels : state + (r + width - 1) * channels;
  }
};

// state <- the last width - 1 rows after `rows` of the step, for channels [begin, end); zero where
// the sequence has fewer.
void update_conv_state(const ConvHistory& history, float* state, int64_t rows, int64_t begin,
                       int64_t end);

}  // namespace jet
