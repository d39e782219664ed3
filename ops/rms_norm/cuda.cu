// rms_norm on CUDA: a block a row.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/rms_norm/kernels.h"

namespace jet {
namespace {

template <typename In, typename Out>
__global__ void normalise(Rows<const In> x, Rows<Out> y, const float* weight, int inner, int width,
                          float eps) {
  __shared__ float shared[33];
  begin_after_earlier_kernels();
  const int64_t row = blockIdx.x / inner;
  const int64_t at = int64_t{blockIdx.x % static_cast<unsigned>(inner)} * width;
  const In* from = x[row] + at;
  Out* to = y[row] + at;
  float squares = 0;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += static_cast<int>(blockDim.x)) {
    const float value = number(from[i]);
    squares += value * value;
  }
  const float scale = 1.0f / sqrtf(block_sum(squares, shared) / static_cast<float>(width) + eps);
  for (int i = static_cast<int>(threadIdx.x); i < width; i += static_cast<int>(blockDim.x))
    put(to + i, number(from[i]) * scale * weight[i]);
}

}  // namespace

void rms_norm_cuda(Context& context, const RmsNorm& args) {
  const auto rows = static_cast<unsigned>(args.x.rows());
  if (rows == 0 || args.x.shape.back() == 0) return;
  const auto width = static_cast<int>(args.x.shape.back());
  const int inner = static_cast<int>(args.x.rows() / args.x.shape[0]);
  const unsigned threads = width <= 128 ? 32 : width <= 1024 ? 128 : 256;
  with_number(args.x.type, [&](auto* in) {
    with_number(args.y.type, [&](auto* out) {
      using In = NumberOf<decltype(in)>;
      using Out = NumberOf<decltype(out)>;
      check_cuda(launch_overlapping(cuda_stream(context), rows, threads, 0, normalise<In, Out>,
                                    rows_of<In>(args.x), rows_of<Out>(args.y), args.weight.f32(),
                                    inner, width, args.eps),
                 "rms_norm");
    });
  });
}

}  // namespace jet
