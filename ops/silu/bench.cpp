// silu: bytes a second over widths of real models.
#include <benchmark/benchmark.h>

#include "ops/silu/silu.h"

namespace jet {
namespace {

void bench_silu(benchmark::State& state) {
  ThreadPool pool(available_threads());
  Arena arena;
  Context context{pool, arena};
  const Shape shape{state.range(0), state.range(1)};
  const Tensor x(DType::F32, shape);
  Tensor y(DType::F32, shape);
  for (auto _ : state) silu(context, {x.view(), y.mutable_view()});
  state.SetBytesProcessed(state.iterations() * 8 * shape.elements());
}
BENCHMARK(bench_silu)->Args({1, 1536})->Args({512, 1536})->Args({512, 8960})->UseRealTime();

}  // namespace
}  // namespace jet
