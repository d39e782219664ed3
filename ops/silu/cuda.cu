// silu on CUDA: threads over the numbers of a row.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/silu/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;

template <typename Number>
__global__ void activate(Rows<const Number> x, Rows<Number> y, int64_t width) {
  const int64_t i = int64_t{blockIdx.y} * kThreads + threadIdx.x;
  if (i >= width) return;
  const float value = number(x[blockIdx.x][i]);
  put(y[blockIdx.x] + i, value / (1.0f + expf(-value)));
}

}  // namespace

void silu_cuda(Context& context, const Silu& args) {
  const int64_t n = args.x.shape.elements();
  if (n == 0) return;
  const int64_t width = n / args.x.shape[0];
  const dim3 grid(static_cast<unsigned>(args.x.shape[0]),
                  static_cast<unsigned>((width + kThreads - 1) / kThreads));
  with_number(args.x.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    activate<<<grid, kThreads, 0, cuda_stream(context)>>>(rows_of<Number>(args.x),
                                                          rows_of<Number>(args.y), width);
  });
  check_launch("silu");
}

}  // namespace jet
