// swiglu on CUDA: a thread takes 16 bytes of a row, or a number where rows are not of such pieces.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/pieces.cuh"
#include "ops/swiglu/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;

__device__ float gated(float g, float up) { return g / (1.0f + expf(-g)) * up; }

template <typename Number>
__global__ void gate_pieces(Rows<const Number> gate, Rows<const Number> up, Rows<Number> y,
                            uint32_t pieces_of_row, uint32_t pieces) {
  begin_after_earlier_kernels();
  const uint32_t piece = blockIdx.x * kThreads + threadIdx.x;
  if (piece >= pieces) return;
  const uint32_t row = piece / pieces_of_row;
  const uint32_t at = piece % pieces_of_row * kPiece<Number>;
  float g[kPiece<Number>], u[kPiece<Number>];
  load_piece(gate[row] + at, g);
  load_piece(up[row] + at, u);
#pragma unroll
  for (int i = 0; i < kPiece<Number>; ++i) g[i] = gated(g[i], u[i]);
  store_piece(y[row] + at, g);
}

template <typename Number>
__global__ void gate_numbers(Rows<const Number> gate, Rows<const Number> up, Rows<Number> y,
                             uint32_t width) {
  begin_after_earlier_kernels();
  const uint32_t i = blockIdx.y * kThreads + threadIdx.x, row = blockIdx.x;
  if (i < width) put(y[row] + i, gated(number(gate[row][i]), number(up[row][i])));
}

}  // namespace

void swiglu_cuda(Context& context, const SwiGlu& args) {
  if (args.gate.shape.elements() == 0) return;
  const int64_t rows = args.gate.shape[0], width = args.gate.shape[1];
  const auto blocks = [](int64_t threads) {
    return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  };
  with_number(args.gate.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    const auto gate = rows_of<Number>(args.gate), up = rows_of<Number>(args.up);
    const Rows<Number> y = rows_of<Number>(args.y);
    const int64_t pieces = width / kPiece<Number>;
    const bool is_wide = is_in_pieces(args.gate, width) && is_in_pieces(args.up, width) &&
                         is_in_pieces(args.y, width) && rows * pieces < int64_t{1} << 31;
    check_cuda(is_wide
                   ? launch_overlapping(cuda_stream(context), blocks(rows * pieces), kThreads, 0,
                                        gate_pieces<Number>, gate, up, y, pieces, rows * pieces)
                   : launch_overlapping(cuda_stream(context),
                                        dim3(static_cast<unsigned>(rows), blocks(width)), kThreads,
                                        0, gate_numbers<Number>, gate, up, y, width),
               "swiglu");
  });
}

}  // namespace jet
