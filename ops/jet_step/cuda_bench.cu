// jet_step on CUDA: bytes are the states once in and once out.
#include "core/random.h"
#include "ops/jet_step/cuda_step.cuh"
#include "ops/testing/cuda_bench.cuh"

namespace jet {
namespace {

using testing::DeviceArray;

// Arguments: sequences, heads, keys, values, bf16 state, portable. Steps move between two halves of
// a pool, as an engine's that overlaps steps, so that few sequences do not stay in the cache.
void step(benchmark::State& state) {
  const int64_t sequences = state.range(0), heads = state.range(1), keys = state.range(2);
  const int64_t values = state.range(3), channels = heads * values;
  const bool state_is_bf16 = state.range(4) != 0;
  const int64_t state_numbers = heads * keys * values;
  const int64_t sets = std::max<int64_t>(2, 256'000'000 / (sequences * state_numbers * 4));
  const auto rows = [&](int64_t width) { return static_cast<size_t>(sequences * width); };
  Random random(1);
  std::vector<uint16_t> pattern(1 << 20);
  for (uint16_t& x : pattern) x = float_to_bf16(static_cast<float>(random.normal()));
  DeviceArray<uint16_t> q(rows(heads * keys)), k(rows(heads * keys)), u(rows(channels));
  DeviceArray<uint16_t> gate(rows(channels)), a(rows(heads)), b(rows(heads)), y(rows(channels));
  DeviceArray<uint16_t> taps(rows(4 * channels));
  DeviceArray<uint16_t> convolution(static_cast<size_t>(sets * sequences * 3 * channels));
  for (auto* array : {&q, &k, &u, &gate, &a, &b, &taps, &convolution}) fill(*array, pattern);
  const auto pool_numbers = static_cast<size_t>(sets * sequences * state_numbers);
  DeviceArray<uint16_t> states(state_is_bf16 ? pool_numbers : 2 * pool_numbers);
  testing::check_cuda(cudaMemset(states.data(), 0, states.size() * 2));
  DeviceArray<float> head_numbers(std::vector<float>(static_cast<size_t>(heads), 0.1f));
  DeviceArray<float> weight(std::vector<float>(static_cast<size_t>(values), 1.0f));
  DeviceArray<int32_t> past(std::vector<int32_t>(static_cast<size_t>(sequences), 100));
  std::vector<int32_t> numbers;
  for (int64_t i = 0; i < sets * sequences; ++i) numbers.push_back(static_cast<int32_t>(i));
  DeviceArray<int32_t> slots(numbers);
  cuda::JetStep args;
  args.q = q.data();
  args.k = k.data();
  args.u = u.data();
  args.gate = gate.data();
  args.a = a.data();
  args.b = b.data();
  args.convolution_taps = taps.data();
  args.y = y.data();
  args.q_stride = args.k_stride = heads * keys;
  args.u_stride = args.gate_stride = args.y_stride = channels;
  args.a_stride = args.b_stride = heads;
  args.taps_stride = 4 * channels;
  args.a_log = args.dt_bias = head_numbers.data();
  args.norm_weight = weight.data();
  args.past = past.data();
  args.sequences = static_cast<int>(sequences);
  args.heads = static_cast<int>(heads);
  args.keys = static_cast<int>(keys);
  args.values = static_cast<int>(values);
  args.state = states.data();
  args.state_is_bf16 = state_is_bf16;
  args.convolution = convolution.data();
  args.portable = state.range(5) != 0;
  const double bytes =
      static_cast<double>(sequences * state_numbers) * (state_is_bf16 ? 4.0 : 8.0) +
      static_cast<double>(sequences * channels) * (2 * 2 + 2 + 8 + 12) +
      static_cast<double>(sequences * heads * keys) * 4;
  for (auto _ : state) {
    const double ms = testing::median_ms(
        [&](int run, cudaStream_t stream) {
          args.from_slots = slots.data() + run % sets * sequences;
          args.to_slots = slots.data() + (run + 1) % sets * sequences;
          testing::check_cuda(cuda::jet_step(args, stream));
        },
        static_cast<int>(std::clamp<int64_t>(sets, 4, 128)));
    testing::report(state, ms, bytes, testing::kCopyBytes, 7.0 * sequences * state_numbers);
  }
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"B", "H", "K", "V", "bf16", "portable"});
  for (const int bf16 : {0, 1}) {
    for (const int sequences : {1, 8, 16, 64, 128, 440})
      bench->Args({sequences, 12, 96, 256, bf16, 0});
    bench->Args({128, 16, 128, 256, bf16, 0});
    bench->Args({128, 12, 128, 128, bf16, 0});
    bench->Args({256, 12, 64, 64, bf16, 0});
    bench->Args({1, 12, 96, 256, bf16, 1});
    bench->Args({128, 16, 128, 256, bf16, 1});
  }
  bench->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(step)->Apply(shapes);

}  // namespace
}  // namespace jet
