// add on CUDA: four numbers a thread.
#include "core/cuda/device.cuh"
#include "ops/add/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;

__global__ void add_kernel(float* x, const float* y, int64_t n) {
  const int64_t first = (int64_t{blockIdx.x} * kThreads + threadIdx.x) * 4;
  if (first + 4 <= n) {
    float4 a = *reinterpret_cast<const float4*>(x + first);
    const float4 b = *reinterpret_cast<const float4*>(y + first);
    a.x += b.x;
    a.y += b.y;
    a.z += b.z;
    a.w += b.w;
    *reinterpret_cast<float4*>(x + first) = a;
    return;
  }
  for (int64_t i = first; i < n; ++i) x[i] += y[i];
}

}  // namespace

void add_cuda(Context& context, const Add& args) {
  const int64_t n = args.x.shape.elements();
  if (n == 0) return;
  const auto blocks = static_cast<unsigned>((n + 4 * kThreads - 1) / (4 * kThreads));
  add_kernel<<<blocks, kThreads, 0, cuda_stream(context)>>>(args.x.f32(), args.y.f32(), n);
  check_launch("add");
}

}  // namespace jet
