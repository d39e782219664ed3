// Weights in float32, float16 or bfloat16 packed for products in float32: panels of 16 rows, so
// that a row is a lane, a panel's numbers [in][16].
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.h"

namespace jet {

inline constexpr int64_t kFloatTile = 16;  // rows of x that lie together

// Rows of x, `count` of them, at most a tile: to[i, t] = x[t, i], so that a kernel walks one
// pointer.
void lay_out_tile(const float* x, int64_t count, int64_t in, float* to);

// Up to 16 rows of `in` numbers, at any address, into a panel.
void pack_float_panel(DType type, const std::byte* rows, int64_t count, int64_t in,
                      std::byte* panel);

// Some panels with T rows of x: y[t, r] = sum over i, in ascending order and one fused multiply-add
// each, of w[r, i] x[t, i]; then the bias. The same bits whatever T and the panels, on every
// instruction set that has fused multiply-adds.
struct FloatPanels {
  DType type;
  const std::byte* weights;  // [ceil(rows / 16)][in][16]
  int64_t in;
  const float* x;  // tiles of 16 rows, one after another: [in][16], of the last [in][what is left]
  int64_t tokens;
  float* y;  // [tokens, rows]
  int64_t y_stride;
  int64_t rows;
  const float* bias;  // [rows], or null
};
void multiply_float_panels(const FloatPanels& panels);

}  // namespace jet
