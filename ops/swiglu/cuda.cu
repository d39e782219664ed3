// swiglu on CUDA: threads over the numbers of a row.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/swiglu/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;
constexpr int kEach = 4;  // numbers of a thread, a block's width apart

template <typename Number>
__global__ void gate_numbers(Rows<const Number> gate, Rows<const Number> up, Rows<Number> y,
                             int64_t width) {
  const int64_t row = blockIdx.x;
  const int64_t first = int64_t{blockIdx.y} * kThreads * kEach + threadIdx.x;
#pragma unroll
  for (int part = 0; part < kEach; ++part) {
    const int64_t i = first + part * kThreads;
    if (i >= width) return;
    const float g = number(gate[row][i]);
    put(y[row] + i, g / (1.0f + expf(-g)) * number(up[row][i]));
  }
}

}  // namespace

void swiglu_cuda(Context& context, const SwiGlu& args) {
  if (args.gate.shape.elements() == 0) return;
  const int64_t width = args.gate.shape[1];
  constexpr int64_t kNumbers = kThreads * kEach;
  const dim3 grid(static_cast<unsigned>(args.gate.shape[0]),
                  static_cast<unsigned>((width + kNumbers - 1) / kNumbers));
  with_number(args.gate.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    gate_numbers<<<grid, kThreads, 0, cuda_stream(context)>>>(
        rows_of<Number>(args.gate), rows_of<Number>(args.up), rows_of<Number>(args.y), width);
  });
  check_launch("swiglu");
}

}  // namespace jet
