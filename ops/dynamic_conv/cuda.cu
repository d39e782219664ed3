// dynamic_conv on CUDA: a thread a number of y, then one a channel of a sequence for the state.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/dynamic_conv/cuda_prefill.cuh"
#include "ops/dynamic_conv/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 128;

template <typename Number, typename Kept>
__global__ void convolve(Rows<const Number> u, Rows<const Number> taps, Rows<Number> y,
                         const Kept* state, DeviceBatch batch, int channels, int width) {
  const int c = static_cast<int>(blockIdx.y * kThreads + threadIdx.x);
  if (c >= channels) return;
  const int row = static_cast<int>(blockIdx.x);
  const int n = batch.sequence[row];
  const int first = batch.offsets[n], slot = batch.slots[n];
  const int past = slot >= 0 ? batch.past[n] : 0;
  float sum = 0;
  for (int i = 0; i < width; ++i) {
    const int from = row - (width - 1) + i;
    float value = 0;
    if (from >= first)
      value = number(u[from][c]);
    else if (past + from - first >= 0)  // not before the sequence's first token
      value =
          number(state[(int64_t{slot} * (width - 1) + (width - 1) + from - first) * channels + c]);
    sum += number(taps[row][c * width + i]) * value;
  }
  put(y[row] + c, sum / (1.0f + expf(-sum)));
}

// The last rows of u after the step, oldest first; earlier ones move up.
template <typename Number, typename Kept>
__global__ void keep(Rows<const Number> u, Kept* state, DeviceBatch batch, int channels, int kept) {
  const int c = static_cast<int>(blockIdx.y * kThreads + threadIdx.x);
  const int n = static_cast<int>(blockIdx.x);
  const int slot = batch.slots[n];
  const int first = batch.offsets[n], last = batch.offsets[n + 1];
  if (c >= channels || slot < 0 || first == last) return;
  Kept* mine = state + int64_t{slot} * kept * channels + c;
  for (int j = 0; j < kept; ++j) {
    const int from = last - kept + j;
    float value = 0;
    if (from >= first)
      value = number(u[from][c]);
    else if (batch.past[n] + from - first >= 0)
      value = number(mine[int64_t{kept + from - first} * channels]);
    put(mine + int64_t{j} * channels, value);
  }
}

// What the kernel of long prompts takes: four taps, bf16 in whole pieces of 16 bytes.
bool is_wide(const DynamicConv& args) {
  const auto fits = [](const auto& rows) {
    return rows.type == DType::BF16 && outer_stride(rows) % 8 == 0 &&
           reinterpret_cast<uintptr_t>(rows.data) % 16 == 0;
  };
  return args.taps.shape[2] == 4 && args.u.shape[1] % 8 == 0 && args.state.type == DType::BF16 &&
         fits(args.u) && fits(args.taps) && fits(args.y);
}

}  // namespace

void dynamic_conv_cuda(Context& context, const DynamicConv& args) {
  const int64_t tokens = args.u.shape[0];
  if (tokens == 0) return;
  const auto channels = static_cast<int>(args.u.shape[1]);
  if (is_wide(args)) {
    const DeviceBatch& batch = args.batch.on_device;
    const cuda::DynamicConvPrefill call{.u = args.u.data,
                                        .taps = args.taps.data,
                                        .y = args.y.data,
                                        .u_stride = outer_stride(args.u),
                                        .taps_stride = outer_stride(args.taps),
                                        .y_stride = outer_stride(args.y),
                                        .offsets = batch.offsets,
                                        .slots = batch.slots,
                                        .past = batch.past,
                                        .sequences = static_cast<int>(args.batch.sequences()),
                                        .tokens = static_cast<int>(tokens),
                                        .channels = channels,
                                        .state = args.state.data};
    return check_cuda(cuda::dynamic_conv_prefill(call, cuda_stream(context)), "dynamic_conv");
  }
  const auto width = static_cast<int>(args.taps.shape[2]);
  const auto columns = static_cast<unsigned>((channels + kThreads - 1) / kThreads);
  with_number(args.u.type, [&](auto* in) {
    with_number(args.state.type, [&](auto* held) {
      using Number = NumberOf<decltype(in)>;
      using Kept = NumberOf<decltype(held)>;
      auto* state = reinterpret_cast<Kept*>(args.state.data);
      convolve<<<dim3(static_cast<unsigned>(tokens), columns), kThreads, 0, cuda_stream(context)>>>(
          rows_of<Number>(args.u), rows_of<Number>(args.taps), rows_of<Number>(args.y),
          static_cast<const Kept*>(state), args.batch.on_device, channels, width);
      check_launch("dynamic_conv");
      if (width == 1) return;
      keep<<<dim3(static_cast<unsigned>(args.batch.sequences()), columns), kThreads, 0,
             cuda_stream(context)>>>(rows_of<Number>(args.u), state, args.batch.on_device, channels,
                                     width - 1);
    });
  });
  check_launch("dynamic_conv");
}

}  // namespace jet
