// Products of a few rows with a matrix in bf16, as fast as the matrix can be read; raw device
// pointers.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace jet::cuda {

struct FewRows {
  const void* x = nullptr;     // [rows, in] bf16
  const void* w = nullptr;     // [out, in] bf16, rows contiguous; no kernel writes it
  const void* w_up = nullptr;  // [out, in]: y = silu(w x) * (w_up x), without bias; or null
  const void* bias = nullptr;  // [out] of y's type, or null
  void* y = nullptr;           // [rows, out] bf16, or float32
  bool y_is_float = false;
  int64_t silu_begin = 0, silu_end = 0;  // outputs whose silu is taken
  int rows = 0;
  int64_t in = 0, out = 0;
  int64_t x_stride = 0, y_stride = 0;  // elements between rows
};

// At most 2 rows, `in` and x_stride multiples of 8, x and w at multiples of 16 bytes.
bool has_few_rows(const FewRows& args);

// Reads w (and w_up) once, 2 in out bytes, the first of them while earlier kernels end. The order
// of a sum follows from `in` and `out`.
cudaError_t few_rows(const FewRows& args, cudaStream_t stream);

}  // namespace jet::cuda
