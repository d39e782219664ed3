// add on CUDA: four numbers a thread.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/add/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 256;
constexpr int kEach = 4;  // numbers of a thread, a block's width apart

template <typename Number>
__global__ void add_numbers(float* x, const Number* y, int64_t n) {
  begin_after_earlier_kernels();
  const int64_t first = int64_t{blockIdx.x} * kThreads * kEach + threadIdx.x;
#pragma unroll
  for (int part = 0; part < kEach; ++part) {
    const int64_t i = first + part * kThreads;
    if (i < n) x[i] += number(y[i]);
  }
}

}  // namespace

void add_cuda(Context& context, const Add& args) {
  const int64_t n = args.x.shape.elements();
  if (n == 0) return;
  constexpr int64_t kNumbers = kThreads * kEach;
  const auto blocks = static_cast<unsigned>((n + kNumbers - 1) / kNumbers);
  with_number(args.y.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    check_cuda(launch_overlapping(cuda_stream(context), blocks, kThreads, 0, add_numbers<Number>,
                                  args.x.f32(), reinterpret_cast<const Number*>(args.y.data), n),
               "add");
  });
}

}  // namespace jet
