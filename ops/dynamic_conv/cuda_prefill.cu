// dynamic_conv_prefill: a thread takes eight channels down a run of tokens, the last three rows of
// u in registers, so that every number is read once.
#include <cuda_bf16.h>

#include "ops/cuda/tensor_core.cuh"
#include "ops/dynamic_conv/cuda_prefill.cuh"

namespace jet::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRun = 8;       // tokens a thread takes
constexpr int kChannels = 8;  // and channels: 16 bytes of u
constexpr int kTaps = 4;
constexpr int kKept = kTaps - 1;

// The sequence that holds a row.
__device__ int sequence_of(const DynamicConvPrefill& args, int row) {
  int low = 0, high = args.sequences;  // offsets[low] <= row < offsets[high]
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (args.offsets[middle] <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// Eight channels of u at row `row` of a sequence's part of the step; negative rows lie in its slot.
__device__ int4 load_u(const DynamicConvPrefill& args, int sequence, int row, int channel) {
  const int first = args.offsets[sequence], slot = args.slots[sequence];
  const auto* u = static_cast<const __nv_bfloat16*>(args.u);
  if (row >= 0)
    return *reinterpret_cast<const int4*>(u + int64_t{first + row} * args.u_stride + channel);
  if (slot < 0 || args.past[sequence] + row < 0) return {0, 0, 0, 0};
  const auto* state = static_cast<const __nv_bfloat16*>(args.state);
  return *reinterpret_cast<const int4*>(
      state + (int64_t{slot} * kKept + kKept + row) * args.channels + channel);
}

__device__ void unpack(const int4& pieces, float (&x)[kChannels]) {
  const int pairs[4] = {pieces.x, pieces.y, pieces.z, pieces.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 pair = unpack_bf16(static_cast<uint32_t>(pairs[i]));
    x[2 * i] = pair.x;
    x[2 * i + 1] = pair.y;
  }
}

__global__ void __launch_bounds__(kThreads) convolve(const DynamicConvPrefill args) {
  const int channel = (blockIdx.y * kThreads + threadIdx.x) * kChannels;
  if (channel >= args.channels) return;
  const int begin = blockIdx.x * kRun, end = min(begin + kRun, args.tokens);
  int sequence = sequence_of(args, begin);
  float u[kTaps][kChannels];  // oldest first
#pragma unroll
  for (int i = 0; i < kKept; ++i)
    unpack(load_u(args, sequence, begin - args.offsets[sequence] - kKept + i, channel), u[i]);
#pragma unroll
  for (int i = 0; i < kRun; ++i) {
    const int token = begin + i;
    if (token >= end) return;
    if (token == args.offsets[sequence + 1]) {
      while (token == args.offsets[sequence + 1]) ++sequence;  // some have no rows
#pragma unroll
      for (int j = 0; j < kKept; ++j) unpack(load_u(args, sequence, j - kKept, channel), u[j]);
    }
    const int4* taps =
        reinterpret_cast<const int4*>(static_cast<const __nv_bfloat16*>(args.taps) +
                                      token * args.taps_stride + int64_t{channel} * kTaps);
    int4 pieces[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) pieces[j] = __ldcs(taps + j);
    unpack(load_u(args, sequence, token - args.offsets[sequence], channel), u[kKept]);
    uint32_t out[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      float weights[8], y[2];
      unpack(pieces[j], weights);  // of channels 2 j and 2 j + 1
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        float sum = 0.0f;
#pragma unroll
        for (int k = 0; k < kTaps; ++k) sum += weights[c * kTaps + k] * u[k][2 * j + c];
        y[c] = __fdividef(sum, 1.0f + __expf(-sum));
      }
      out[j] = pack_bf16(y[0], y[1]);
    }
    *reinterpret_cast<int4*>(static_cast<__nv_bfloat16*>(args.y) + token * args.y_stride +
                             channel) =
        make_int4(static_cast<int>(out[0]), static_cast<int>(out[1]), static_cast<int>(out[2]),
                  static_cast<int>(out[3]));
#pragma unroll
    for (int j = 0; j < kKept; ++j) {
#pragma unroll
      for (int c = 0; c < kChannels; ++c) u[j][c] = u[j + 1][c];
    }
  }
}

// The last rows of u of each sequence; all are read before one is written.
__global__ void __launch_bounds__(kThreads) keep(const DynamicConvPrefill args) {
  const int channel = (blockIdx.x * kThreads + threadIdx.x) * kChannels, sequence = blockIdx.y;
  const int slot = args.slots[sequence];
  const int rows = args.offsets[sequence + 1] - args.offsets[sequence];
  if (channel >= args.channels || slot < 0 || rows == 0) return;
  int4 kept[kKept];
#pragma unroll
  for (int i = 0; i < kKept; ++i) kept[i] = load_u(args, sequence, rows - kKept + i, channel);
  auto* state = static_cast<__nv_bfloat16*>(args.state);
#pragma unroll
  for (int i = 0; i < kKept; ++i) {
    *reinterpret_cast<int4*>(state + (int64_t{slot} * kKept + i) * args.channels + channel) =
        kept[i];
  }
}

}  // namespace

cudaError_t dynamic_conv_prefill(const DynamicConvPrefill& args, cudaStream_t stream) {
  if (args.channels % kChannels != 0) return cudaErrorInvalidValue;
  if (args.sequences == 0 || args.tokens == 0) return cudaSuccess;
  const unsigned across = (args.channels / kChannels + kThreads - 1) / kThreads;
  const unsigned runs = (args.tokens + kRun - 1) / kRun;
  convolve<<<dim3(runs, across), kThreads, 0, stream>>>(args);
  keep<<<dim3(across, args.sequences), kThreads, 0, stream>>>(args);
  return cudaGetLastError();
}

}  // namespace jet::cuda
