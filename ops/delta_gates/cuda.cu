// delta_gates on CUDA: a thread a number.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/delta_gates/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 128;

template <typename Number>
__global__ void gates(Rows<const Number> a, Rows<const Number> b, const float* a_log,
                      const float* dt_bias, float* g, float* beta, int64_t numbers, int heads) {
  begin_after_earlier_kernels();
  const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= numbers) return;
  const int64_t row = i / heads;
  const int head = static_cast<int>(i % heads);
  const float x = number(a[row][head]) + dt_bias[head];
  const float softplus = x > 20.0f ? x : log1pf(expf(x));
  g[i] = -expf(a_log[head]) * softplus;
  beta[i] = 1.0f / (1.0f + expf(-number(b[row][head])));
}

}  // namespace

void delta_gates_cuda(Context& context, const DeltaGates& args) {
  const int64_t numbers = args.a.shape.elements();
  if (numbers == 0) return;
  const auto blocks = static_cast<unsigned>((numbers + kThreads - 1) / kThreads);
  with_number(args.a.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    check_cuda(launch_overlapping(cuda_stream(context), blocks, kThreads, 0, gates<Number>,
                                  rows_of<Number>(args.a), rows_of<Number>(args.b),
                                  args.a_log.f32(), args.dt_bias.f32(), args.g.f32(),
                                  args.beta.f32(), numbers, args.a.shape[1]),
               "delta_gates");
  });
}

}  // namespace jet
