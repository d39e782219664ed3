// attention: operations per second for prompts, bytes of cache per second for decoding.
#include <cstring>

#include "ops/attention/attention.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_attention(benchmark::State& state, DType type) {
  testing::BenchContext bench(state.range(0));
  const int64_t rows = state.range(1), past = state.range(2);
  const int64_t heads = state.range(3), groups = state.range(4), width = state.range(5);
  const testing::BenchBatch batch(1, rows, past);
  const Tensor q = testing::random_tensor({rows, heads, width});
  const Tensor k = testing::random_tensor({rows, groups, width});
  // Zeros that are written, so that the system gives each page memory of its own.
  Tensor cache(type, Shape{batch.pages_per_sequence * 64, groups, width});
  std::memset(cache.mutable_view().data, 0, static_cast<size_t>(cache.view().bytes()));
  Tensor values(type, cache.shape());
  std::memset(values.mutable_view().data, 0, static_cast<size_t>(cache.view().bytes()));
  Tensor y(DType::F32, Shape{rows, heads, width});
  const Attention args{.q = q.view(),
                       .k = k.view(),
                       .v = k.view(),
                       .batch = batch.view(),
                       .k_cache = cache.view(),
                       .v_cache = values.view(),
                       .scale = 0.1f,
                       .y = y.mutable_view()};
  const auto workspace = bench.workspace(attention_workspace(bench.context, args));
  for (auto _ : state) attention(bench.context, args, workspace);
  const double pairs = static_cast<double>(rows) * (static_cast<double>(past) + (rows + 1) * 0.5);
  state.counters["flops"] = testing::rate(state, 4.0 * pairs * static_cast<double>(heads * width));
  state.SetBytesProcessed(state.iterations() * 2 * past * groups * row_bytes(type, width));
}
void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"threads", "rows", "past", "H", "G", "d"})->UseRealTime();
  for (const int64_t threads : {1, 2}) {
    bench->Args({threads, 512, 0, 12, 2, 128})->Args({threads, 1, 65536, 12, 2, 128});
    bench->Args({threads, 512, 0, 9, 3, 64})->Args({threads, 1, 2048, 9, 3, 64});
    bench->Args({threads, 1, 65536, 9, 3, 64});
  }
}
BENCHMARK_CAPTURE(bench_attention, f32, DType::F32)->Apply(sizes);
BENCHMARK_CAPTURE(bench_attention, bf16, DType::BF16)->Apply(sizes);
BENCHMARK_CAPTURE(bench_attention, f16, DType::F16)->Apply(sizes);
BENCHMARK_CAPTURE(bench_attention, q8_0, DType::Q8_0)->Apply(sizes);

}  // namespace
}  // namespace jet
