// Reading and writing numbers of any floating type in kernels, and choosing a kernel by type.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "core/cuda/check.cuh"
#include "core/tensor.h"

namespace jet {

__device__ inline float number(float x) { return x; }
__device__ inline float number(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ inline float number(__half x) { return __half2float(x); }
__device__ inline float number(__nv_fp8_e4m3 x) { return static_cast<float>(x); }

__device__ inline void put(float* to, float x) { *to = x; }
__device__ inline void put(__nv_bfloat16* to, float x) { *to = __float2bfloat16(x); }
__device__ inline void put(__half* to, float x) { *to = __float2half(x); }
// The nearest, at most 448.
__device__ inline void put(__nv_fp8_e4m3* to, float x) { *to = __nv_fp8_e4m3(x); }

// x as `To` would hold it.
template <typename To>
__device__ float rounded(float x) {
  To held;
  put(&held, x);
  return number(held);
}

// Rows of a tensor on the device: elements lie `stride` apart from row to row of the outermost
// axis.
template <typename Number>
struct Rows {
  Number* data;
  int64_t stride;
  __device__ Number* operator[](int64_t row) const { return data + row * stride; }
};

inline int64_t outer_stride(const ConstTensorView& view) {
  if (view.row_stride != 0) return view.row_stride;
  return view.shape[0] == 0 ? 0 : view.shape.elements() / view.shape[0];
}
template <typename Number>
Rows<const Number> rows_of(const ConstTensorView& view) {
  return {reinterpret_cast<const Number*>(view.data), outer_stride(view)};
}
template <typename Number>
Rows<Number> rows_of(const TensorView& view) {
  return {reinterpret_cast<Number*>(view.data), outer_stride(view)};
}

// Calls body with a null pointer of the type's C++ number: with_number(x.type, [&](auto* tag)
// {...}).
template <typename Body>
void with_number(DType type, Body&& body) {
  switch (type) {
    case DType::F32:
      return body(static_cast<float*>(nullptr));
    case DType::BF16:
      return body(static_cast<__nv_bfloat16*>(nullptr));
    case DType::F16:
      return body(static_cast<__half*>(nullptr));
    default:
      fail_cuda("numbers of type " + std::string(name(type)) + ", expected f32, bf16 or f16");
  }
}
template <typename Pointer>
using NumberOf = std::remove_pointer_t<std::remove_reference_t<Pointer>>;

// Sums over a warp and over a block of up to 1024 threads, the same bits in every thread: one
// order. `shared` holds 33 numbers.
__device__ inline float warp_sum(float x) {
  for (int lane = 16; lane > 0; lane /= 2) x += __shfl_xor_sync(0xffffffffu, x, lane);
  return x;
}
__device__ inline float block_sum(float x, float* shared) {
  x = warp_sum(x);
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = x;
  __syncthreads();
  if (threadIdx.x < 32)
    shared[32] = warp_sum(threadIdx.x < blockDim.x / 32 ? shared[threadIdx.x] : 0.0f);
  __syncthreads();
  return shared[32];
}

}  // namespace jet
