// gated_rms_norm on CUDA: a warp a head of a row, 16 bytes a lane, or number by number.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/pieces.cuh"
#include "ops/gated_rms_norm/kernels.h"

namespace jet {
namespace {

constexpr int kWarps = 4;

__device__ float activated(float x) { return x / (1.0f + expf(-x)); }

template <typename Number>
__global__ void normalise_pieces(Rows<const Number> x, Rows<const Number> gate, Rows<Number> y,
                                 const float* weight, int64_t units, int heads, int width,
                                 float eps) {
  constexpr int kNumbers = kPiece<Number>;
  begin_after_earlier_kernels();
  const int64_t unit = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (unit >= units) return;
  const int at = static_cast<int>(threadIdx.x % 32) * kNumbers;
  const bool is_inside = at < width;
  const int64_t row = unit / heads, column = unit % heads * width + at;
  float values[kNumbers] = {}, gates[kNumbers] = {}, squares = 0;
  if (is_inside) {
    load_piece(x[row] + column, values);
    load_piece(gate[row] + column, gates);
  }
#pragma unroll
  for (const float value : values) squares += value * value;
  const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(width) + eps);
  if (!is_inside) return;
#pragma unroll
  for (int i = 0; i < kNumbers; ++i) values[i] *= scale * weight[at + i] * activated(gates[i]);
  store_piece(y[row] + column, values);
}

template <typename Number>
__global__ void normalise(Rows<const Number> x, Rows<const Number> gate, Rows<Number> y,
                          const float* weight, int64_t units, int heads, int width, float eps) {
  begin_after_earlier_kernels();
  const int64_t unit = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (unit >= units) return;
  const int64_t row = unit / heads, at = unit % heads * width;
  const int lane = static_cast<int>(threadIdx.x % 32);
  float squares = 0;
  for (int i = lane; i < width; i += 32) {
    const float value = number(x[row][at + i]);
    squares += value * value;
  }
  const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(width) + eps);
  for (int i = lane; i < width; i += 32) {
    put(y[row] + at + i,
        number(x[row][at + i]) * scale * weight[i] * activated(number(gate[row][at + i])));
  }
}

}  // namespace

void gated_rms_norm_cuda(Context& context, const GatedRmsNorm& args) {
  const int64_t units = args.x.rows(), width = args.x.shape[2];
  if (units == 0) return;
  const auto blocks = static_cast<unsigned>((units + kWarps - 1) / kWarps);
  with_number(args.x.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    const bool is_wide = is_in_pieces(args.x, width) && is_in_pieces(args.gate, width) &&
                         is_in_pieces(args.y, width) && width <= 32 * kPiece<Number>;
    check_cuda(launch_overlapping(cuda_stream(context), blocks, kWarps * 32, 0,
                                  is_wide ? normalise_pieces<Number> : normalise<Number>,
                                  rows_of<Number>(ConstTensorView(args.x)),
                                  rows_of<Number>(args.gate), rows_of<Number>(args.y),
                                  args.weight.f32(), units, args.x.shape[1], width, args.eps),
               "gated_rms_norm");
  });
}

}  // namespace jet
