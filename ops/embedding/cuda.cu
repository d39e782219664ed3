// embedding on CUDA: a block a row, of a matrix of numbers or of tiles.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/embedding/kernels.h"
#include "ops/linear/tile_numbers.cuh"

namespace jet {
namespace {

constexpr int kThreads = 256;

template <typename Number>
__global__ void look_up(const int32_t* ids, const Number* weight, int64_t width, float* y) {
  begin_after_earlier_kernels();
  const Number* from = weight + ids[blockIdx.x] * width;
  float* to = y + blockIdx.x * width;
  for (int64_t i = threadIdx.x; i < width; i += kThreads) to[i] = number(from[i]);
}

template <DType kType>
__global__ void look_up_in_tiles(const int32_t* ids, const std::byte* tiles, int64_t width,
                                 float* y) {
  begin_after_earlier_kernels();
  float* to = y + blockIdx.x * width;
  for (int64_t i = threadIdx.x; i < width; i += kThreads)
    to[i] = cuda::tile_number<kType>(tiles, width, ids[blockIdx.x], i);
}

}  // namespace

void embedding_cuda(Context& context, const Embedding& args) {
  const auto rows = static_cast<unsigned>(args.ids.size());
  if (rows == 0) return;
  const ConstTensorView weight = args.weight.tensor.view();
  if (has_tiles(weight.type)) {
    cuda::with_tile_format(weight.type, [&](auto tag) {
      check_cuda(launch_overlapping(cuda_stream(context), rows, kThreads, 0,
                                    look_up_in_tiles<decltype(tag)::value>, args.ids_on_device,
                                    weight.data, args.weight.in(), args.y.f32()),
                 "embedding");
    });
    return;
  }
  with_number(weight.type, [&](auto* tag) {
    using Number = NumberOf<decltype(tag)>;
    check_cuda(launch_overlapping(cuda_stream(context), rows, kThreads, 0, look_up<Number>,
                                  args.ids_on_device, reinterpret_cast<const Number*>(weight.data),
                                  args.weight.in(), args.y.f32()),
               "embedding");
  });
}

}  // namespace jet
