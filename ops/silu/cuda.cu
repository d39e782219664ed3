// silu on CUDA: a thread takes 16 bytes of a row, or a number where rows are not of such pieces.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/pieces.cuh"
#include "ops/silu/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;

__device__ float activated(float x) { return x / (1.0f + expf(-x)); }

template <typename Number>
__global__ void activate_pieces(Rows<const Number> x, Rows<Number> y, uint32_t pieces_of_row,
                                uint32_t pieces) {
  begin_after_earlier_kernels();
  const uint32_t piece = blockIdx.x * kThreads + threadIdx.x;
  if (piece >= pieces) return;
  const uint32_t row = piece / pieces_of_row;
  const uint32_t at = piece % pieces_of_row * kPiece<Number>;
  float values[kPiece<Number>];
  load_piece(x[row] + at, values);
#pragma unroll
  for (float& value : values) value = activated(value);
  store_piece(y[row] + at, values);
}

template <typename Number>
__global__ void activate_numbers(Rows<const Number> x, Rows<Number> y, uint32_t width) {
  begin_after_earlier_kernels();
  const uint32_t i = blockIdx.y * kThreads + threadIdx.x;
  if (i < width) put(y[blockIdx.x] + i, activated(number(x[blockIdx.x][i])));
}

}  // namespace

void silu_cuda(Context& context, const Silu& args) {
  const int64_t n = args.x.shape.elements();
  if (n == 0) return;
  const int64_t rows = args.x.shape[0], width = n / rows;
  const auto blocks = [](int64_t threads) {
    return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  };
  with_number(args.x.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    const auto x = rows_of<Number>(ConstTensorView(args.x));
    const auto y = rows_of<Number>(args.y);
    const int64_t pieces = width / kPiece<Number>;
    const bool is_wide = is_in_pieces(args.x, width) && is_in_pieces(args.y, width) &&
                         rows * pieces < int64_t{1} << 31;
    check_cuda(is_wide ? launch_overlapping(cuda_stream(context), blocks(rows * pieces), kThreads,
                                            0, activate_pieces<Number>, x, y, pieces, rows * pieces)
                       : launch_overlapping(cuda_stream(context),
                                            dim3(static_cast<unsigned>(rows), blocks(width)),
                                            kThreads, 0, activate_numbers<Number>, x, y, width),
               "silu");
  });
}

}  // namespace jet
