// silu_l2_norm on CUDA: a warp a head of a row.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {
namespace {

constexpr int kWarps = 4;

template <typename Number>
__global__ void normalise(Rows<const Number> x, Rows<Number> y, int64_t rows, int heads, int width,
                          float scale, float eps) {
  const int64_t unit = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (unit >= rows * heads) return;
  const Number* from = x[unit / heads] + unit % heads * width;
  Number* to = y[unit / heads] + unit % heads * width;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const auto silu = [](float value) { return value / (1.0f + expf(-value)); };
  float squares = 0;
  for (int i = lane; i < width; i += 32) {
    const float value = silu(number(from[i]));
    squares += value * value;
  }
  const float factor = scale / sqrtf(warp_sum(squares) + eps);
  for (int i = lane; i < width; i += 32) put(to + i, silu(number(from[i])) * factor);
}

}  // namespace

void silu_l2_norm_cuda(Context& context, const SiluL2Norm& args) {
  const int64_t units = args.x.rows();
  if (units == 0) return;
  const auto blocks = static_cast<unsigned>((units + kWarps - 1) / kWarps);
  with_number(args.x.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    normalise<<<blocks, kWarps * 32, 0, cuda_stream(context)>>>(
        rows_of<Number>(args.x), rows_of<Number>(args.y), args.x.shape[0],
        static_cast<int>(args.x.shape[1]), static_cast<int>(args.x.shape[2]), args.scale, args.eps);
  });
  check_launch("silu_l2_norm");
}

}  // namespace jet
