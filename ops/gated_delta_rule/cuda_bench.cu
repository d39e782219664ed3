// The chunked gated delta rule on CUDA: bytes are q, k, v, y, gates and states once.
#include "core/random.h"
#include "ops/gated_delta_rule/cuda.cuh"
#include "ops/testing/cuda_bench.cuh"

namespace jet {
namespace {

using testing::DeviceArray;

std::vector<uint16_t> pattern(double deviation) {
  Random random(1);
  std::vector<uint16_t> values(1 << 20);
  for (uint16_t& x : values) x = float_to_bf16(static_cast<float>(deviation * random.normal()));
  return values;
}

// Arguments: sequences, tokens of each, heads, keys, values, segments, portable.
void chunks(benchmark::State& state) {
  const int64_t sequences = state.range(0), length = state.range(1), heads = state.range(2);
  const int64_t keys = state.range(3), values = state.range(4), tokens = sequences * length;
  const auto numbers = [&](int64_t width) { return static_cast<size_t>(tokens * heads * width); };
  DeviceArray<uint16_t> q(numbers(keys)), k(numbers(keys)), v(numbers(values)), y(numbers(values));
  DeviceArray<float> g(numbers(1)), beta(numbers(1));
  DeviceArray<float> states(static_cast<size_t>(sequences * heads * keys * values));
  const double unit = 1 / std::sqrt(static_cast<double>(keys));
  fill(q, pattern(unit * unit));
  fill(k, pattern(unit));
  fill(v, pattern(1));
  Random random(2);
  std::vector<float> decays(1 << 16), strengths(1 << 16);
  for (float& x : decays) x = static_cast<float>(-0.1 * std::exp(random.normal()));
  for (float& x : strengths) x = static_cast<float>(random.uniform());
  fill(g, decays);
  fill(beta, strengths);
  std::vector<int32_t> starts, slot_numbers;
  for (int64_t n = 0; n <= sequences; ++n) starts.push_back(static_cast<int32_t>(n * length));
  for (int64_t n = 0; n < sequences; ++n) slot_numbers.push_back(static_cast<int32_t>(n));
  DeviceArray<int32_t> offsets(starts), slots(slot_numbers);
  DeviceArray<int32_t> past(std::vector<int32_t>(static_cast<size_t>(sequences), 0));
  cuda::GatedDeltaRule args;
  args.q = q.data();
  args.k = k.data();
  args.v = v.data();
  args.y = y.data();
  args.q_stride = args.k_stride = heads * keys;
  args.v_stride = args.y_stride = heads * values;
  args.g = g.data();
  args.beta = beta.data();
  args.offsets = offsets.data();
  args.slots = slots.data();
  args.past = past.data();
  args.sequences = static_cast<int>(sequences);
  args.tokens = static_cast<int>(tokens);
  args.heads = static_cast<int>(heads);
  args.keys = static_cast<int>(keys);
  args.values = static_cast<int>(values);
  args.state = states.data();
  args.segments = static_cast<int>(state.range(5));
  args.portable = state.range(6) != 0;
  DeviceArray<char> workspace(cuda::gated_delta_rule_workspace(args));
  args.workspace = workspace.data();
  const double bytes = static_cast<double>(tokens * heads) * (4.0 * (keys + values) + 8) +
                       8.0 * static_cast<double>(states.size()) / 2;
  const double flops =
      static_cast<double>(tokens * heads) *
      (2 * 64 * (3.0 * keys + 2.0 * values) + 6.0 * static_cast<double>(keys * values));
  for (auto _ : state) {
    const double ms = testing::median_ms([&](int, cudaStream_t stream) {
      testing::check_cuda(cuda::gated_delta_rule_chunks(args, stream));
    });
    testing::report(state, ms, bytes, testing::kCopyBytes, flops);
  }
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"B", "T", "H", "K", "V", "segments", "portable"});
  for (const int segments : {1, 2, 3, 4, 5, 6, 11})
    bench->Args({1, 65536, 12, 96, 256, segments, 0});
  for (const int segments : {1, 4, 8}) bench->Args({1, 65536, 12, 96, 256, segments, 1});
  for (const int segments : {1, 2}) bench->Args({8, 4096, 12, 96, 256, segments, 0});
  for (const int segments : {1, 2}) bench->Args({32, 2048, 12, 96, 256, segments, 0});
  for (const int segments : {1, 4, 8}) bench->Args({1, 65536, 16, 128, 256, segments, 0});
  for (const int segments : {1, 5, 11}) bench->Args({1, 65536, 12, 128, 128, segments, 0});
  for (const int segments : {1, 11, 22}) bench->Args({1, 65536, 12, 64, 64, segments, 0});
  bench->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(chunks)->Apply(shapes);

}  // namespace
}  // namespace jet
