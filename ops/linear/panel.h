// The inner product of linear: a few rows of the weight with all rows of x, over one block of `in`.
#pragma once

#include <cstdint>

namespace jet {

// y[t, r] += sum over i < n of w[r, i] x[t, i]. Strides are in floats.
struct Panel {
  const float* w;  // [rows, n]
  int64_t w_stride;
  int64_t rows;
  const float* x;  // [tokens, n]
  int64_t x_stride;
  int64_t tokens;
  int64_t n;
  float* y;  // [tokens, rows]
  int64_t y_stride;
};

// Every sum runs over i in the same order, whatever the number of rows and tokens.
void accumulate_panel(const Panel& panel);

}  // namespace jet
