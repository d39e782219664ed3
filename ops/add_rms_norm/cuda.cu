// add_rms_norm on CUDA: a block a row, whose numbers stay in registers between the sum and the
// norm; a thread takes eight neighbouring numbers at a time. The norm's weights are fetched while
// the kernel before ends.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/pieces.cuh"
#include "ops/add_rms_norm/kernels.h"

namespace jet {
namespace {

constexpr int kMostThreads = 256;
constexpr int kEach = 8;   // numbers a thread takes at a time
constexpr int kTimes = 4;  // at most: rows of up to 8192

template <typename Number>
__device__ void load_each(const Number* from, float (&x)[kEach]) {
#pragma unroll
  for (int i = 0; i < kEach / kPiece<Number>; ++i) {
    float piece[kPiece<Number>];
    load_piece(from + i * kPiece<Number>, piece);
#pragma unroll
    for (int j = 0; j < kPiece<Number>; ++j) x[i * kPiece<Number> + j] = piece[j];
  }
}

template <typename Number>
__device__ void store_each(Number* to, const float (&x)[kEach]) {
#pragma unroll
  for (int i = 0; i < kEach / kPiece<Number>; ++i) {
    float piece[kPiece<Number>];
#pragma unroll
    for (int j = 0; j < kPiece<Number>; ++j) piece[j] = x[i * kPiece<Number> + j];
    store_piece(to + i * kPiece<Number>, piece);
  }
}

// Rows whose width is no multiple of 8 are taken number by number.
template <bool kWide, typename Number>
__device__ void load_some(const Number* row, int at, int width, float (&x)[kEach]) {
  if constexpr (kWide) {
    load_each(row + at, x);
  } else {
#pragma unroll
    for (int i = 0; i < kEach; ++i) x[i] = at + i < width ? number(row[at + i]) : 0.0f;
  }
}

template <bool kWide, typename Number>
__device__ void store_some(Number* row, int at, int width, const float (&x)[kEach]) {
  if constexpr (kWide) {
    store_each(row + at, x);
  } else {
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      if (at + i < width) put(row + at + i, x[i]);
    }
  }
}

template <bool kWide, typename In, typename Out>
__global__ void __launch_bounds__(kMostThreads)
    add_normalise(float* x, Rows<const In> y, const float* weight, Rows<Out> normed, int width,
                  float eps) {
  __shared__ float shared[33];
  let_next_kernel_begin();
  const int64_t row = blockIdx.x;
  float* mine = x + row * width;
  const auto first = static_cast<int>(threadIdx.x) * kEach;
  const int step = static_cast<int>(blockDim.x) * kEach;
  float weights[kTimes][kEach];
#pragma unroll
  for (int time = 0; time < kTimes; ++time) {
    const int at = first + time * step;
    if (at < width) load_some<kWide>(weight, at, width, weights[time]);
  }
  wait_for_earlier_kernels();
  float values[kTimes][kEach], squares = 0;
#pragma unroll
  for (int time = 0; time < kTimes; ++time) {
    const int at = first + time * step;
    if (at >= width) break;
    float added[kEach];
    load_some<kWide>(mine, at, width, values[time]);
    load_some<kWide>(y[row], at, width, added);
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      values[time][i] += added[i];
      squares += values[time][i] * values[time][i];
    }
    store_some<kWide>(mine, at, width, values[time]);
  }
  const float scale = 1.0f / sqrtf(block_sum(squares, shared) / static_cast<float>(width) + eps);
#pragma unroll
  for (int time = 0; time < kTimes; ++time) {
    const int at = first + time * step;
    if (at >= width) break;
#pragma unroll
    for (int i = 0; i < kEach; ++i) values[time][i] *= scale * weights[time][i];
    store_some<kWide>(normed[row], at, width, values[time]);
  }
}

}  // namespace

void add_rms_norm_cuda(Context& context, const AddRmsNorm& args) {
  const auto rows = static_cast<unsigned>(args.x.shape[0]);
  const auto width = static_cast<int>(args.x.shape[1]);
  if (rows == 0 || width == 0) return;
  if (width > kMostThreads * kEach * kTimes)
    fail_cuda("add_rms_norm: rows of " + std::to_string(width) + " numbers, at most 8192");
  const bool is_wide = width % kEach == 0 && is_in_pieces(args.x, width) &&
                       is_in_pieces(args.y, width) && is_in_pieces(args.normed, width) &&
                       reinterpret_cast<uintptr_t>(args.weight.data) % 16 == 0;
  const int threads = std::min(kMostThreads, (width + 32 * kEach - 1) / (32 * kEach) * 32);
  with_number(args.y.type, [&](auto* in) {
    with_number(args.normed.type, [&](auto* out) {
      using In = NumberOf<decltype(in)>;
      using Out = NumberOf<decltype(out)>;
      const auto kernel = is_wide ? add_normalise<true, In, Out> : add_normalise<false, In, Out>;
      check_cuda(launch_overlapping(cuda_stream(context), rows, threads, 0, kernel, args.x.f32(),
                                    rows_of<In>(args.y), args.weight.f32(),
                                    rows_of<Out>(args.normed), width, args.eps),
                 "add_rms_norm");
    });
  });
}

}  // namespace jet
