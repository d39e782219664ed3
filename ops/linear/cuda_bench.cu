// Products of a few rows on CUDA: bytes are those of the weights, in bf16 or in tiles.
#include "core/random.h"
#include "ops/linear/cuda_few_rows.cuh"
#include "ops/linear/cuda_tiles.cuh"
#include "ops/linear/tiles.h"
#include "ops/testing/cuda_bench.cuh"

namespace jet {
namespace {

using testing::DeviceArray;

int64_t weight_bytes(DType type, int64_t out, int64_t in) {
  return has_tiles(type) ? tiles_bytes(type, out, in) : 2 * out * in;
}

// Copies of the weight, so that it does not stay in the cache. As bf16 and binary16 the bytes are
// finite numbers.
struct Weights {
  Weights(int64_t bytes_of_one)
      : bytes(bytes_of_one),
        sets(std::max<int64_t>(2, 256'000'000 / bytes)),
        memory(static_cast<size_t>(sets * bytes)) {
    Random random(1);
    std::vector<std::byte> pattern(1 << 20);
    for (std::byte& x : pattern) x = static_cast<std::byte>(random.normal() * 20) & std::byte{0xbf};
    fill(memory, pattern);
  }
  const std::byte* set(int run) { return memory.data() + run % sets * bytes; }

  int64_t bytes, sets;
  DeviceArray<std::byte> memory;
};

// Arguments: rows, in, out, whether there are two matrices.
void few_rows(benchmark::State& state, DType type) {
  const int64_t rows = state.range(0), in = state.range(1), out = state.range(2);
  const bool is_pair = state.range(3) != 0;
  const int64_t one = weight_bytes(type, out, in);
  Weights weights((is_pair ? 2 : 1) * one);
  Random random(2);
  std::vector<uint16_t> numbers(static_cast<size_t>(rows * in));
  for (uint16_t& x : numbers) x = float_to_bf16(static_cast<float>(random.normal()));
  DeviceArray<uint16_t> x(numbers), y(static_cast<size_t>(rows * out));
  cuda::FewRows args{.x = x.data(),
                     .y = y.data(),
                     .rows = static_cast<int>(rows),
                     .in = in,
                     .out = out,
                     .x_stride = in,
                     .y_stride = out};
  for (auto _ : state) {
    const double ms = testing::median_ms(
        [&](int run, cudaStream_t stream) {
          args.w = weights.set(run);
          args.w_up = is_pair ? weights.set(run) + one : nullptr;
          testing::check_cuda(has_tiles(type)
                                  ? cuda::tile_product({.rows = args, .type = type}, stream)
                                  : cuda::few_rows(args, stream));
        },
        static_cast<int>(std::clamp<int64_t>(weights.sets, 4, 64)));
    testing::report(state, ms, static_cast<double>(weights.bytes), testing::kReadBytes,
                    2.0 * static_cast<double>((is_pair ? 2 : 1) * rows * in * out));
  }
}

// Bytes are those of the tiles and of the numbers in bf16.
void widen(benchmark::State& state, DType type) {
  const int64_t in = state.range(0), out = state.range(1);
  Weights weights(tiles_bytes(type, out, in));
  DeviceArray<uint16_t> to(static_cast<size_t>(in * out));
  for (auto _ : state) {
    const double ms = testing::median_ms(
        [&](int run, cudaStream_t stream) {
          testing::check_cuda(
              cuda::widen_tiles(type, weights.set(run), out, in, to.data(), stream));
        },
        static_cast<int>(std::clamp<int64_t>(weights.sets, 4, 64)));
    testing::report(state, ms, static_cast<double>(weights.bytes + 2 * in * out),
                    testing::kCopyBytes, 0);
  }
}

// A layer's matrices of Jet-Nemotron-2B and its head.
void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "in", "out", "pair"});
  for (const int rows : {1, 8}) {
    bench->Args({rows, 1536, 8640, 0});
    bench->Args({rows, 3072, 1536, 0});
    bench->Args({rows, 1536, 8960, 1});
    bench->Args({rows, 8960, 1536, 0});
    bench->Args({rows, 1536, 151936, 0});
  }
  bench->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}
void few(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "in", "out", "pair"});
  for (const auto& [in, out, pair] : {std::array<int, 3>{1536, 8640, 0},
                                      {3072, 1536, 0},
                                      {1536, 8960, 1},
                                      {8960, 1536, 0},
                                      {1536, 151936, 0}}) {
    bench->Args({1, in, out, pair});
  }
  bench->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}
void widened(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"in", "out"})->Args({1536, 7808})->Args({8960, 1392});
  bench->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(few_rows, bf16, DType::BF16)->Apply(few);
BENCHMARK_CAPTURE(few_rows, q8_0, DType::Q8_0)->Apply(shapes);
BENCHMARK_CAPTURE(few_rows, q4_0, DType::Q4_0)->Apply(shapes);
BENCHMARK_CAPTURE(few_rows, q4_k, DType::Q4_K)->Apply(shapes);
BENCHMARK_CAPTURE(few_rows, q6_k, DType::Q6_K)->Apply(few);
BENCHMARK_CAPTURE(widen, q8_0, DType::Q8_0)->Apply(widened);
BENCHMARK_CAPTURE(widen, q4_k, DType::Q4_K)->Apply(widened);

}  // namespace
}  // namespace jet
