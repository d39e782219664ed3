// The gated delta rule token by token: any widths up to 256. A thread keeps an eighth of a column
// of S in registers; eight neighbouring lanes own the column and add up by shuffles.
#include <cuda_bf16.h>

#include "ops/gated_delta_rule/cuda.cuh"

namespace jet::cuda {
namespace {

constexpr int kLanes = 8;     // that share a column
constexpr int kColumns = 32;  // of a block

__device__ float number(const float* x) { return *x; }
__device__ float number(const __nv_bfloat16* x) { return __bfloat162float(*x); }
__device__ void put(float* y, float x) { *y = x; }
__device__ void put(__nv_bfloat16* y, float x) { *y = __float2bfloat16(x); }

__device__ float sum_of_column(float x) {
  for (int lane = 1; lane < kLanes; lane *= 2) x += __shfl_xor_sync(0xffffffffu, x, lane);
  return x;
}

template <typename Number, typename Kept,
          int kRows>  // kRows: numbers of S a thread keeps, keys / 8 rounded up
__global__ void __launch_bounds__(kLanes* kColumns) steps(const GatedDeltaRule args) {
  const int lane = threadIdx.x % kLanes;
  const int column = blockIdx.x * kColumns + threadIdx.x / kLanes, head = blockIdx.y;
  const int sequence = blockIdx.z, slot = args.slots[sequence];
  const int first = args.offsets[sequence], last = args.offsets[sequence + 1];
  if (first == last) return;
  const bool is_mine = column < args.values;
  const int64_t stride = args.values;
  Kept* stored = static_cast<Kept*>(args.state) +
                 (int64_t{max(slot, 0)} * args.heads + head) * args.keys * stride + column;

  float s[kRows];
  const bool starts_empty = slot < 0 || args.past[sequence] == 0;
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int row = lane + i * kLanes;
    s[i] = !starts_empty && is_mine && row < args.keys ? number(stored + row * stride) : 0.0f;
  }
  for (int64_t t = first; t < last; ++t) {
    const Number* k = static_cast<const Number*>(args.k) + t * args.k_stride + head * args.keys;
    const Number* q = static_cast<const Number*>(args.q) + t * args.q_stride + head * args.keys;
    const float decay = expf(args.g[t * args.heads + head]);
    float keys[kRows], read = 0.0f;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int row = lane + i * kLanes;
      keys[i] = row < args.keys ? number(k + row) : 0.0f;
      s[i] *= decay;
      read += s[i] * keys[i];
    }
    read = sum_of_column(read);
    const int64_t at = head * stride + column;
    const float v =
        is_mine ? number(static_cast<const Number*>(args.v) + t * args.v_stride + at) : 0.0f;
    const float delta = args.beta[t * args.heads + head] * (v - read);
    float out = 0.0f;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int row = lane + i * kLanes;
      s[i] += keys[i] * delta;
      out += row < args.keys ? s[i] * number(q + row) : 0.0f;
    }
    out = sum_of_column(out);
    if (is_mine && lane == 0) put(static_cast<Number*>(args.y) + t * args.y_stride + at, out);
  }
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int row = lane + i * kLanes;
    if (slot >= 0 && is_mine && row < args.keys) put(stored + row * stride, s[i]);
  }
}

template <typename Number, typename Kept>
void launch(const GatedDeltaRule& args, cudaStream_t stream) {
  const dim3 grid((args.values + kColumns - 1) / kColumns, args.heads, args.sequences);
  if (args.keys <= 64) {
    steps<Number, Kept, 8><<<grid, kLanes * kColumns, 0, stream>>>(args);
  } else if (args.keys <= 128) {
    steps<Number, Kept, 16><<<grid, kLanes * kColumns, 0, stream>>>(args);
  } else {
    steps<Number, Kept, 32><<<grid, kLanes * kColumns, 0, stream>>>(args);
  }
}

template <typename Number>
void launch(const GatedDeltaRule& args, cudaStream_t stream) {
  if (args.state_is_bf16) {
    launch<Number, __nv_bfloat16>(args, stream);
  } else {
    launch<Number, float>(args, stream);
  }
}

}  // namespace

cudaError_t gated_delta_rule_steps(const GatedDeltaRule& args, cudaStream_t stream) {
  if (args.keys > 256 || args.values > 256) return cudaErrorInvalidValue;
  if (args.sequences == 0 || args.tokens == 0) return cudaSuccess;
  if (args.is_bf16) {
    launch<__nv_bfloat16>(args, stream);
  } else {
    launch<float>(args, stream);
  }
  return cudaGetLastError();
}

}  // namespace jet::cuda
