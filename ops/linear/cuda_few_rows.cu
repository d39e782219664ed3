// Products of a few rows: a warp goes along one or two rows of the matrix, 16 bytes a lane.
#include <cuda_bf16.h>

#include "ops/cuda/tensor_core.cuh"
#include "ops/linear/cuda_few_rows.cuh"

namespace jet::cuda {
namespace {

constexpr int kWarps = 8;
constexpr int kNumbers = 8;                 // of a load
constexpr int kStride = 32 * kNumbers;      // numbers that a warp takes at once
constexpr int64_t kManyOutputs = 132 * 32;  // from here on every multiprocessor has enough warps

__device__ float dot(const uint4& a, const uint4& b, float sum) {
  const uint32_t* left = &a.x;
  const uint32_t* right = &b.x;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 p = unpack_bf16(left[i]), q = unpack_bf16(right[i]);
    sum = fmaf(p.x, q.x, sum);
    sum = fmaf(p.y, q.y, sum);
  }
  return sum;
}

template <int kRows, int kOutputs>
__global__ void __launch_bounds__(32 * kWarps) multiply(const FewRows args) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int64_t first = (int64_t{blockIdx.x} * kWarps + threadIdx.x / 32) * kOutputs;
  const auto* x = static_cast<const __nv_bfloat16*>(args.x);
  const auto* w = static_cast<const __nv_bfloat16*>(args.w);
  float sums[kOutputs][kRows] = {};
#pragma unroll 4
  for (int64_t i = lane * kNumbers; i < args.in; i += kStride) {
    uint4 weights[kOutputs];
#pragma unroll
    for (int o = 0; o < kOutputs; ++o) {
      const int64_t row = min(first + o, args.out - 1);
      weights[o] = __ldcs(reinterpret_cast<const uint4*>(w + row * args.in + i));
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const int row = min(r, args.rows - 1);
      const uint4 numbers = __ldg(reinterpret_cast<const uint4*>(x + row * args.x_stride + i));
#pragma unroll
      for (int o = 0; o < kOutputs; ++o) sums[o][r] = dot(weights[o], numbers, sums[o][r]);
    }
  }
#pragma unroll
  for (int o = 0; o < kOutputs; ++o) {
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      float sum = sums[o][r];
#pragma unroll
      for (int other = 16; other > 0; other /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
      if (lane != 0 || first + o >= args.out || r >= args.rows) continue;
      if (args.bias != nullptr) sum += args.bias[first + o];
      const int64_t at = r * args.y_stride + first + o;
      if (args.y_is_float) {
        static_cast<float*>(args.y)[at] = sum;
      } else {
        static_cast<__nv_bfloat16*>(args.y)[at] = __float2bfloat16(sum);
      }
    }
  }
}

template <int kRows>
void launch(const FewRows& args, cudaStream_t stream) {
  const int outputs = args.out >= kManyOutputs ? 2 : 1;
  const auto blocks = static_cast<unsigned>((args.out + kWarps * outputs - 1) / (kWarps * outputs));
  if (outputs == 2) {
    multiply<kRows, 2><<<blocks, 32 * kWarps, 0, stream>>>(args);
  } else {
    multiply<kRows, 1><<<blocks, 32 * kWarps, 0, stream>>>(args);
  }
}

}  // namespace

bool has_few_rows(const FewRows& args) {
  const auto places = reinterpret_cast<uintptr_t>(args.x) | reinterpret_cast<uintptr_t>(args.w);
  return args.rows <= 4 && args.in % kNumbers == 0 && args.x_stride % kNumbers == 0 &&
         places % 16 == 0;
}

cudaError_t few_rows(const FewRows& args, cudaStream_t stream) {
  if (!has_few_rows(args)) return cudaErrorInvalidValue;
  if (args.rows == 0 || args.out == 0) return cudaSuccess;
  if (args.rows == 1) {
    launch<1>(args, stream);
  } else if (args.rows == 2) {
    launch<2>(args, stream);
  } else {
    launch<4>(args, stream);
  }
  return cudaGetLastError();
}

}  // namespace jet::cuda
