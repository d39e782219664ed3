// silu_l2_norm on CUDA: sixteen threads a head of a row, 16 bytes each; or a warp, number by
// number.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/pieces.cuh"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 128;
constexpr int kTeam = 16;  // threads of a head in pieces

__device__ float activated(float x) { return x / (1.0f + expf(-x)); }

template <typename Number>
__global__ void normalise_pieces(Rows<const Number> x, Rows<Number> y, int64_t units, int heads,
                                 int width, float scale, float eps) {
  begin_after_earlier_kernels();
  const int64_t unit = (int64_t{blockIdx.x} * kThreads + threadIdx.x) / kTeam;
  const int at = static_cast<int>(threadIdx.x) % kTeam * kPiece<Number>;
  const bool is_inside = unit < units && at < width;
  const int64_t row = unit / heads, column = unit % heads * width + at;
  float values[kPiece<Number>] = {}, squares = 0;
  if (is_inside) load_piece(x[row] + column, values);
#pragma unroll
  for (float& value : values) {
    value = activated(value);
    squares += value * value;
  }
#pragma unroll
  for (int lane = kTeam / 2; lane > 0; lane /= 2)
    squares += __shfl_xor_sync(0xffffffffu, squares, lane);
  const float factor = scale / sqrtf(squares + eps);
#pragma unroll
  for (float& value : values) value *= factor;
  if (is_inside) store_piece(y[row] + column, values);
}

template <typename Number>
__global__ void normalise(Rows<const Number> x, Rows<Number> y, int64_t units, int heads, int width,
                          float scale, float eps) {
  begin_after_earlier_kernels();
  const int64_t unit = (int64_t{blockIdx.x} * kThreads + threadIdx.x) / 32;
  if (unit >= units) return;
  const Number* from = x[unit / heads] + unit % heads * width;
  Number* to = y[unit / heads] + unit % heads * width;
  const int lane = static_cast<int>(threadIdx.x % 32);
  float squares = 0;
  for (int i = lane; i < width; i += 32) {
    const float value = activated(number(from[i]));
    squares += value * value;
  }
  const float factor = scale / sqrtf(warp_sum(squares) + eps);
  for (int i = lane; i < width; i += 32) put(to + i, activated(number(from[i])) * factor);
}

}  // namespace

void silu_l2_norm_cuda(Context& context, const SiluL2Norm& args) {
  const int64_t units = args.x.rows(), width = args.x.shape[2];
  if (units == 0) return;
  with_number(args.x.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    const bool is_wide = is_in_pieces(args.x, width) && is_in_pieces(args.y, width) &&
                         width <= kTeam * kPiece<Number>;
    const int64_t threads = units * (is_wide ? kTeam : 32);
    check_cuda(launch_overlapping(
                   cuda_stream(context), static_cast<unsigned>((threads + kThreads - 1) / kThreads),
                   kThreads, 0, is_wide ? normalise_pieces<Number> : normalise<Number>,
                   rows_of<Number>(ConstTensorView(args.x)), rows_of<Number>(args.y), units,
                   args.x.shape[1], width, args.scale, args.eps),
               "silu_l2_norm");
  });
}

}  // namespace jet
