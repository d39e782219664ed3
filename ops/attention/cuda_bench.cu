// decode_attention on CUDA: bytes are keys and values once.
#include "core/random.h"
#include "ops/attention/cuda_decode.cuh"
#include "ops/testing/cuda_bench.cuh"

namespace jet {
namespace {

using testing::DeviceArray;

// Arguments: sequences, positions, heads, groups, fp8, split, window (0: pages).
void decode(benchmark::State& state) {
  const int64_t sequences = state.range(0), positions = state.range(1), heads = state.range(2);
  const int64_t groups = state.range(3), width = 128, window = state.range(6);
  const bool is_fp8 = state.range(4) != 0;
  const int64_t pages = (positions + 63) / 64;
  const int64_t rows = window > 0 ? sequences * window : sequences * pages * 64;
  Random random(1);
  std::vector<uint16_t> pattern(1 << 20);
  for (uint16_t& x : pattern) x = float_to_bf16(static_cast<float>(random.normal()));
  if (is_fp8) {  // two e4m3 numbers below 2 each
    for (uint16_t& x : pattern) x = static_cast<uint16_t>(x * 2654435761u >> 8) & 0xbfbf;
  }
  const auto halves = static_cast<size_t>(rows * groups * width / (is_fp8 ? 2 : 1));
  DeviceArray<uint16_t> keys(halves), values(halves);
  DeviceArray<uint16_t> q(static_cast<size_t>(sequences * heads * width)), y(q.size());
  fill(keys, pattern);
  fill(values, pattern);
  fill(q, pattern);
  std::vector<int32_t> table, slot_numbers;
  for (int64_t i = 0; i < sequences * pages; ++i)
    table.push_back(static_cast<int32_t>(i * 7919 % (sequences * pages)));
  for (int64_t n = 0; n < sequences; ++n) slot_numbers.push_back(static_cast<int32_t>(n));
  DeviceArray<int32_t> page_table(table), slots(slot_numbers);
  DeviceArray<int32_t> past(
      std::vector<int32_t>(static_cast<size_t>(sequences), static_cast<int32_t>(positions - 1)));
  cuda::DecodeAttention args;
  args.q = q.data();
  args.y = y.data();
  args.q_stride = args.y_stride = heads * width;
  args.k_cache = keys.data();
  args.v_cache = values.data();
  args.number = is_fp8 ? cuda::CacheNumber::Float8 : cuda::CacheNumber::BFloat16;
  args.past = past.data();
  args.slots = slots.data();
  args.pages = window > 0 ? nullptr : page_table.data();
  args.pages_per_sequence = static_cast<int>(pages);
  args.window = static_cast<int>(window);
  args.sequences = static_cast<int>(sequences);
  args.heads = static_cast<int>(heads);
  args.groups = static_cast<int>(groups);
  args.width = static_cast<int>(width);
  args.scale = 0.0884f;
  args.most_positions = static_cast<int>(window > 0 ? std::min(window, positions) : positions);
  args.split = static_cast<int>(state.range(5));
  DeviceArray<char> workspace(cuda::decode_attention_workspace(args));
  args.workspace = workspace.data();
  const double visible = static_cast<double>(sequences * args.most_positions);
  const double bytes = visible * static_cast<double>(groups * width) * (is_fp8 ? 2 : 4);
  for (auto _ : state) {
    const double ms = testing::median_ms(
        [&](int, cudaStream_t stream) {
          testing::check_cuda(cuda::decode_attention(args, stream));
        },
        8);
    testing::report(state, ms, bytes, testing::kReadBytes,
                    visible * 4 * static_cast<double>(heads * width));
  }
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"B", "T", "H", "G", "fp8", "split", "window"});
  for (const int fp8 : {0, 1}) {
    for (const int split : {256, 512, 1024, 2048}) bench->Args({1, 65536, 12, 2, fp8, split, 0});
    for (const int split : {512, 1024}) bench->Args({8, 65536, 12, 2, fp8, split, 0});
    for (const int split : {512, 1024, 2048}) bench->Args({128, 65536, 12, 2, fp8, split, 0});
    bench->Args({440, 65536, 12, 2, fp8, 1024, 0});
  }
  bench->Args({128, 4096, 16, 8, 0, 512, 0});
  for (const int split : {384, 576, 1152}) bench->Args({128, 65536, 12, 2, 0, split, 1152});
  bench->Args({1, 65536, 12, 2, 0, 128, 1152});
  bench->Args({1, 4096, 12, 2, 0, 128, 0});
  bench->Args({1, 4096, 12, 2, 0, 256, 0});
  bench->Args({1, 4096, 12, 2, 0, 512, 0});
  bench->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(decode)->Apply(shapes);

}  // namespace
}  // namespace jet
