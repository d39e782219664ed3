// swiglu: bytes a second over widths of real models.
#include <benchmark/benchmark.h>

#include "ops/swiglu/swiglu.h"

namespace jet {
namespace {

void bench_swiglu(benchmark::State& state) {
  ThreadPool pool(available_threads());
  Arena arena;
  Context context{pool, arena};
  const Shape shape{state.range(0), state.range(1)};
  const Tensor gate(DType::F32, shape);
  const Tensor up(DType::F32, shape);
  Tensor y(DType::F32, shape);
  for (auto _ : state) swiglu(context, {gate.view(), up.view(), y.mutable_view()});
  state.SetBytesProcessed(state.iterations() * 12 * shape.elements());
}
BENCHMARK(bench_swiglu)->Args({1, 1536})->Args({512, 1536})->Args({512, 8960})->UseRealTime();

}  // namespace
}  // namespace jet
