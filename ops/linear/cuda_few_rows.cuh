// Products of a few rows with a matrix in bf16, as fast as the matrix can be read; raw device
// pointers.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace jet::cuda {

struct FewRows {
  const void* x = nullptr;      // [rows, in] bf16
  const void* w = nullptr;      // [out, in] bf16, rows contiguous
  const float* bias = nullptr;  // [out], or null
  void* y = nullptr;            // [rows, out] bf16, or float32
  bool y_is_float = false;
  int rows = 0;
  int64_t in = 0, out = 0;
  int64_t x_stride = 0, y_stride = 0;  // elements between rows
};

// At most 4 rows, `in` and x_stride multiples of 8, x and w at multiples of 16 bytes.
bool has_few_rows(const FewRows& args);

// Reads w once, 2 in out bytes. A warp makes an output of every row in one order of summation.
cudaError_t few_rows(const FewRows& args, cudaStream_t stream);

}  // namespace jet::cuda
