// gather_rows on CUDA: a block a row.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "ops/gather_rows/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;

__global__ void gather(const float* x, const int32_t* rows, float* y, int64_t width) {
  begin_after_earlier_kernels();
  const float* from = x + rows[blockIdx.x] * width;
  for (int64_t i = threadIdx.x; i < width; i += kThreads) y[blockIdx.x * width + i] = from[i];
}

}  // namespace

void gather_rows_cuda(Context& context, const GatherRows& args) {
  if (args.rows.empty()) return;
  check_cuda(
      launch_overlapping(cuda_stream(context), static_cast<unsigned>(args.rows.size()), kThreads, 0,
                         gather, args.x.f32(), args.rows_on_device, args.y.f32(), args.x.shape[1]),
      "gather_rows");
}

}  // namespace jet
