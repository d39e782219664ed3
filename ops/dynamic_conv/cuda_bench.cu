// dynamic_conv_prefill on CUDA: bytes are u, taps and y once.
#include "core/random.h"
#include "ops/dynamic_conv/cuda_prefill.cuh"
#include "ops/testing/cuda_bench.cuh"

namespace jet {
namespace {

using testing::DeviceArray;

void prefill(benchmark::State& state) {  // Arguments: tokens, channels.
  const int64_t tokens = state.range(0), channels = state.range(1);
  Random random(1);
  std::vector<uint16_t> pattern(1 << 20);
  for (uint16_t& x : pattern) x = float_to_bf16(static_cast<float>(random.normal()));
  const auto numbers = static_cast<size_t>(tokens * channels);
  DeviceArray<uint16_t> u(numbers), taps(4 * numbers), y(numbers);
  DeviceArray<uint16_t> rows(static_cast<size_t>(3 * channels));
  fill(u, pattern);
  fill(taps, pattern);
  DeviceArray<int32_t> offsets(std::vector<int32_t>{0, static_cast<int32_t>(tokens)});
  DeviceArray<int32_t> zero(std::vector<int32_t>{0});
  cuda::DynamicConvPrefill args;
  args.u = u.data();
  args.taps = taps.data();
  args.y = y.data();
  args.u_stride = args.y_stride = channels;
  args.taps_stride = 4 * channels;
  args.offsets = offsets.data();
  args.slots = args.past = zero.data();
  args.sequences = 1;
  args.tokens = static_cast<int>(tokens);
  args.channels = static_cast<int>(channels);
  args.state = rows.data();
  for (auto _ : state) {
    const double ms = testing::median_ms([&](int, cudaStream_t stream) {
      testing::check_cuda(cuda::dynamic_conv_prefill(args, stream));
    });
    testing::report(state, ms, 12.0 * static_cast<double>(numbers), testing::kCopyBytes,
                    8.0 * static_cast<double>(numbers));
  }
}

BENCHMARK(prefill)
    ->ArgNames({"T", "C"})
    ->Args({65536, 3072})
    ->Args({8192, 3072})
    ->Args({65536, 4096})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace jet
