// kv_append: bytes per second read and written.
#include "ops/kv_append/kv_append.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_kv_append(benchmark::State& state, DType type) {
  testing::BenchContext bench(state.range(0));
  const int64_t tokens = state.range(1);
  const testing::BenchBatch batch(1, tokens, 64);
  const Tensor rows = testing::random_tensor({tokens, 2, 128});
  Tensor cache(type, Shape{batch.pages_per_sequence * 64, 2, 128});
  for (auto _ : state) {
    kv_append(bench.context, {rows.view(), batch.view(), CacheLayout::Paged, cache.mutable_view()});
  }
  state.SetBytesProcessed(state.iterations() * tokens * 256 * (4 + row_bytes(type, 1)));
}
void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"threads", "T"})->Args({1, 1})->Args({1, 512})->Args({2, 512})->UseRealTime();
}
BENCHMARK_CAPTURE(bench_kv_append, f32, DType::F32)->Apply(sizes);
BENCHMARK_CAPTURE(bench_kv_append, bf16, DType::BF16)->Apply(sizes);
BENCHMARK_CAPTURE(bench_kv_append, f16, DType::F16)->Apply(sizes);

}  // namespace
}  // namespace jet
