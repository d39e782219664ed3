// gated_rms_norm on CUDA: a warp a head of a row.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/gated_rms_norm/kernels.h"

namespace jet {
namespace {

constexpr int kWarps = 4;

template <typename Number>
__global__ void normalise(Rows<const Number> x, Rows<const Number> gate, Rows<Number> y,
                          const float* weight, int64_t rows, int heads, int width, float eps) {
  const int64_t unit = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (unit >= rows * heads) return;
  const int64_t row = unit / heads, at = unit % heads * width;
  const int lane = static_cast<int>(threadIdx.x % 32);
  float squares = 0;
  for (int i = lane; i < width; i += 32) {
    const float value = number(x[row][at + i]);
    squares += value * value;
  }
  const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(width) + eps);
  for (int i = lane; i < width; i += 32) {
    const float g = number(gate[row][at + i]);
    put(y[row] + at + i, number(x[row][at + i]) * scale * weight[i] * (g / (1.0f + expf(-g))));
  }
}

}  // namespace

void gated_rms_norm_cuda(Context& context, const GatedRmsNorm& args) {
  const int64_t units = args.x.rows();
  if (units == 0) return;
  const auto blocks = static_cast<unsigned>((units + kWarps - 1) / kWarps);
  with_number(args.x.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    normalise<<<blocks, kWarps * 32, 0, cuda_stream(context)>>>(
        rows_of<Number>(args.x), rows_of<Number>(args.gate), rows_of<Number>(args.y),
        args.weight.f32(), args.x.shape[0], static_cast<int>(args.x.shape[1]),
        static_cast<int>(args.x.shape[2]), args.eps);
  });
  check_launch("gated_rms_norm");
}

}  // namespace jet
