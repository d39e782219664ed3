// linear: floating-point operations a second for prompts, bytes of weight a second for decoding.
#include <algorithm>

#include <benchmark/benchmark.h>

#include "ops/linear/linear.h"
#include "ops/packing_preparer.h"
#include "ops/testing/random_weight.h"

namespace jet {
namespace {

// The same random row `out` times: what it holds does not change the time, making it does.
Weight repeated_row(DType type, int64_t out, int64_t in) {
  const Weight row = testing::random_weight(type, 1, in, 1, 0.05);
  const int64_t bytes = row_bytes(type, in);
  Weight weight{Tensor(type, Shape{out, in})};
  for (int64_t r = 0; r < out; ++r)
    std::copy_n(row.tensor.view().data, bytes, weight.tensor.mutable_view().data + r * bytes);
  return weight;
}

// Arguments: threads, tokens, in, out.
void bench_linear(benchmark::State& state, DType type, bool is_packed) {
  ThreadPool pool(static_cast<int>(state.range(0)));
  Arena arena;
  Context context{pool, arena};
  const int64_t tokens = state.range(1);
  const int64_t in = state.range(2);
  const int64_t out = state.range(3);
  const Weight rows = repeated_row(type, out, in);
  const PackingPreparer preparer(1);
  const Weight weight = is_packed ? preparer.weight(rows.tensor) : rows;
  Tensor x(DType::F32, Shape{tokens, in});
  Tensor y(DType::F32, Shape{tokens, out});
  const Linear args{.x = x.view(), .weight = weight, .y = y.mutable_view()};
  const int64_t bytes = linear_workspace(context, args);
  const std::span workspace(arena.take(bytes), static_cast<size_t>(bytes));
  for (auto _ : state) linear(context, args, workspace);
  const double calls = static_cast<double>(state.iterations());
  using benchmark::Counter;
  state.counters["flops"] =
      Counter(calls * 2.0 * static_cast<double>(tokens * in * out), Counter::kIsRate);
  state.SetBytesProcessed(state.iterations() * weight.tensor.view().bytes());
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"threads", "T", "in", "out"})->UseRealTime();
  for (const int64_t threads : {1, 2}) {
    bench->Args({threads, 1, 576, 192})->Args({threads, 192, 576, 192});
    bench->Args({threads, 1, 576, 1536})->Args({threads, 512, 576, 1536});
    bench->Args({threads, 1, 1536, 8960})->Args({threads, 512, 8960, 1536});
    bench->Args({threads, 128, 8960, 8960});
  }
}
BENCHMARK_CAPTURE(bench_linear, rows_f32, DType::F32, false)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, rows_bf16, DType::BF16, false)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, rows_q8_0, DType::Q8_0, false)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, rows_q4_1, DType::Q4_1, false)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, packed_f32, DType::F32, true)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, packed_f16, DType::F16, true)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, packed_bf16, DType::BF16, true)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, packed_q8_0, DType::Q8_0, true)->Apply(sizes);
BENCHMARK_CAPTURE(bench_linear, packed_q4_1, DType::Q4_1, true)->Apply(sizes);

}  // namespace
}  // namespace jet
