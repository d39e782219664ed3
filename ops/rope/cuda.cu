// rope on CUDA: a block a row; a thread's sine and cosine serve all heads.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/rope/kernels.h"

namespace jet {
namespace {

template <typename Number>
__global__ void turn(Rows<Number> x, const float* frequencies, DeviceBatch batch, int heads,
                     int width) {
  let_next_kernel_begin();
  const int row = static_cast<int>(blockIdx.x);
  const int n = batch.sequence[row];
  const auto position = static_cast<float>(batch.past[n] + row - batch.offsets[n]);
  const int half = width / 2;
  for (int i = static_cast<int>(threadIdx.x); i < half; i += static_cast<int>(blockDim.x)) {
    float sine, cosine;
    sincosf(position * frequencies[i], &sine, &cosine);
    wait_for_earlier_kernels();  // no kernel writes positions and frequencies
    for (int head = 0; head < heads; ++head) {
      Number* first = x[row] + head * width + i;
      Number* second = first + half;
      const float a = number(*first), b = number(*second);
      put(first, a * cosine - b * sine);
      put(second, b * cosine + a * sine);
    }
  }
}

}  // namespace

void rope_cuda(Context& context, const Rope& args) {
  const auto rows = static_cast<unsigned>(args.x.shape[0]);
  if (rows == 0) return;
  with_number(args.x.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    check_cuda(launch_overlapping(cuda_stream(context), rows, 64, 0, turn<Number>,
                                  rows_of<Number>(args.x), args.frequencies.f32(),
                                  args.batch.on_device, args.x.shape[1], args.x.shape[2]),
               "rope");
  });
}

}  // namespace jet
