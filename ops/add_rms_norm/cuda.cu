// add_rms_norm on CUDA: a block a row, whose numbers stay in registers between the sum and the
// norm.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/add_rms_norm/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;
constexpr int kEach = 32;  // numbers of a thread at most: rows of up to 8192

template <typename In, typename Out>
__global__ void add_normalise(float* x, Rows<const In> y, const float* weight, Rows<Out> normed,
                              int width, float eps) {
  __shared__ float shared[33];
  const int64_t row = blockIdx.x;
  float* mine = x + row * width;
  float values[kEach], squares = 0;
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int at = static_cast<int>(threadIdx.x) + i * kThreads;
    if (at >= width) break;
    values[i] = mine[at] + number(y[row][at]);
    mine[at] = values[i];
    squares += values[i] * values[i];
  }
  const float scale = 1.0f / sqrtf(block_sum(squares, shared) / static_cast<float>(width) + eps);
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int at = static_cast<int>(threadIdx.x) + i * kThreads;
    if (at >= width) break;
    put(normed[row] + at, values[i] * scale * weight[at]);
  }
}

}  // namespace

void add_rms_norm_cuda(Context& context, const AddRmsNorm& args) {
  const auto rows = static_cast<unsigned>(args.x.shape[0]);
  const auto width = static_cast<int>(args.x.shape[1]);
  if (rows == 0 || width == 0) return;
  if (width > kThreads * kEach)
    fail_cuda("add_rms_norm: rows of " + std::to_string(width) + " numbers, at most 8192");
  with_number(args.y.type, [&](auto* in) {
    with_number(args.normed.type, [&](auto* out) {
      add_normalise<<<rows, kThreads, 0, cuda_stream(context)>>>(
          args.x.f32(), rows_of<NumberOf<decltype(in)>>(args.y), args.weight.f32(),
          rows_of<NumberOf<decltype(out)>>(args.normed), width, args.eps);
    });
  });
  check_launch("add_rms_norm");
}

}  // namespace jet
