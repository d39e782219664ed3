// How products of a few rows end: the bias, silu, and the result in its type.
#pragma once

#include <cuda_bf16.h>

#include "ops/linear/cuda_few_rows.cuh"

namespace jet::cuda {

__device__ inline float silu(float x) { return __fdividef(x, 1.0f + __expf(-x)); }

// No kernel writes it: it may be read while earlier kernels end.
__device__ inline float bias_of(const FewRows& args, int64_t output) {
  if (args.bias == nullptr || output >= args.out) return 0.0f;
  return args.y_is_float ? static_cast<const float*>(args.bias)[output]
                         : __bfloat162float(static_cast<const __nv_bfloat16*>(args.bias)[output]);
}

// sums[1]: of w_up's row.
template <int kMatrices>
__device__ void write(const FewRows& args, int64_t output, int row, const float* sums, float bias) {
  float sum = sums[0] + bias;
  if (kMatrices == 2) {
    sum = silu(sum) * sums[kMatrices - 1];
  } else if (output >= args.silu_begin && output < args.silu_end) {
    sum = silu(sum);
  }
  const int64_t at = row * args.y_stride + output;
  if (args.y_is_float) {
    static_cast<float*>(args.y)[at] = sum;
  } else {
    static_cast<__nv_bfloat16*>(args.y)[at] = __float2bfloat16(sum);
  }
}

}  // namespace jet::cuda
