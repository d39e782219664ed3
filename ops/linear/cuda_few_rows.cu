// Products of a few rows: a warp goes along a row of the matrix, or along a part of one where rows
// are few, 16 bytes a lane; its first loads are under way before the kernel waits for x.
#include <cuda_bf16.h>

#include "core/cuda/launch.cuh"
#include "ops/cuda/tensor_core.cuh"
#include "ops/linear/cuda_few_rows.cuh"
#include "ops/linear/few_rows_output.cuh"

namespace jet::cuda {
namespace {

constexpr int kWarps = 8;
constexpr int kNumbers = 8;                 // of a load
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

// kParts warps share a row of w; of two matrices a warp takes the same row of both.
template <int kRows, int kParts, int kMatrices>
__global__ void __launch_bounds__(32 * kWarps, 3) multiply(const FewRows args) {
  constexpr int kAhead = kMatrices == 2 ? 6 : 8;  // loads of a row of w under way
  constexpr int kOutputs = kWarps / kParts;       // of a block
  __shared__ float parts[kWarps][kRows];
  let_next_kernel_begin();
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int64_t output = int64_t{blockIdx.x} * kOutputs + warp / kParts;
  const int pieces = static_cast<int>(args.in) / kNumbers;
  const int share = (pieces + kParts - 1) / kParts;  // of a warp
  const int begin = warp % kParts * share, end = min(pieces, begin + share);
  const uint4* w[kMatrices];
#pragma unroll
  for (int m = 0; m < kMatrices; ++m) {
    w[m] = reinterpret_cast<const uint4*>(
        static_cast<const __nv_bfloat16*>(m == 0 ? args.w : args.w_up) +
        min(output, args.out - 1) * args.in);
  }
  const auto* x = reinterpret_cast<const uint4*>(args.x);
  const int64_t x_pieces = args.x_stride / kNumbers;

  uint4 weights[kAhead][kMatrices];
#pragma unroll
  for (int i = 0; i < kAhead; ++i) {
    const int at = begin + lane + 32 * i;
#pragma unroll
    for (int m = 0; m < kMatrices; ++m)
      weights[i][m] = at < end ? __ldcs(w[m] + at) : uint4{0, 0, 0, 0};
  }
  const int mine = static_cast<int>(threadIdx.x) % kOutputs;  // written by this thread
  const int64_t written = kParts == 1 ? output : int64_t{blockIdx.x} * kOutputs + mine;
  const float bias = bias_of(args, written);
  wait_for_earlier_kernels();
  float sums[kRows][kMatrices] = {};
  for (int first = begin + lane; first < end; first += 32 * kAhead) {
#pragma unroll
    for (int i = 0; i < kAhead; ++i) {
      const int at = first + 32 * i;
      if (at >= end) break;
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        const uint4 numbers = x[min(r, args.rows - 1) * x_pieces + at];
#pragma unroll
        for (int m = 0; m < kMatrices; ++m) sums[r][m] = dot(weights[i][m], numbers, sums[r][m]);
      }
      const int next = at + 32 * kAhead;
      if (next >= end) continue;
#pragma unroll
      for (int m = 0; m < kMatrices; ++m) weights[i][m] = __ldcs(w[m] + next);
    }
  }
#pragma unroll
  for (int i = 0; i < kRows * kMatrices; ++i) {
    float& sum = sums[i / kMatrices][i % kMatrices];
#pragma unroll
    for (int other = 16; other > 0; other /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
  }
  if constexpr (kParts == 1) {
    if (lane != 0 || output >= args.out) return;
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      if (r < args.rows) write<kMatrices>(args, output, r, sums[r], bias);
    }
  } else {
    static_assert(kMatrices == 1);
    if (lane == 0) {
#pragma unroll
      for (int r = 0; r < kRows; ++r) parts[warp][r] = sums[r][0];
    }
    __syncthreads();
    const int row = static_cast<int>(threadIdx.x) / kOutputs;
    if (row >= args.rows || written >= args.out) return;
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kParts; ++i) sum += parts[mine * kParts + i][row];
    write<1>(args, written, row, &sum, bias);
  }
}

template <int kRows, int kParts, int kMatrices = 1>
cudaError_t launch(const FewRows& args, cudaStream_t stream) {
  constexpr int kOutputs = kWarps / kParts;
  const auto blocks = static_cast<unsigned>((args.out + kOutputs - 1) / kOutputs);
  return launch_overlapping(stream, blocks, 32 * kWarps, 0, multiply<kRows, kParts, kMatrices>,
                            args);
}

template <int kRows>
cudaError_t launch(const FewRows& args, cudaStream_t stream) {
  constexpr int64_t kLong = 2048;
  if (args.w_up != nullptr) return launch<kRows, 1, 2>(args, stream);
  if (args.out >= kManyOutputs) return launch<kRows, 1>(args, stream);
  return args.in >= kLong ? launch<kRows, 4>(args, stream) : launch<kRows, 2>(args, stream);
}

}  // namespace

bool has_few_rows(const FewRows& args) {
  const auto places = reinterpret_cast<uintptr_t>(args.x) | reinterpret_cast<uintptr_t>(args.w) |
                      reinterpret_cast<uintptr_t>(args.w_up);
  return args.rows <= 2 && args.in % kNumbers == 0 && args.x_stride % kNumbers == 0 &&
         places % 16 == 0;
}

cudaError_t few_rows(const FewRows& args, cudaStream_t stream) {
  if (!has_few_rows(args)) return cudaErrorInvalidValue;
  if (args.rows == 0 || args.out == 0) return cudaSuccess;
  return args.rows == 1 ? launch<1>(args, stream) : launch<2>(args, stream);
}

}  // namespace jet::cuda
