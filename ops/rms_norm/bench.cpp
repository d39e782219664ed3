// rms_norm: bytes per second over widths of real models.
#include <benchmark/benchmark.h>

#include "core/random.h"
#include "ops/rms_norm/rms_norm.h"

namespace jet {
namespace {

void bench_rms_norm(benchmark::State& state) {
  ThreadPool pool(available_threads());
  Arena arena;
  Context context{pool, arena};
  const Shape shape{state.range(0), state.range(1)};
  Tensor x(DType::F32, shape);
  Tensor weight(DType::F32, Shape{shape.back()});
  Tensor y(DType::F32, shape);
  for (auto _ : state) rms_norm(context, {x.view(), weight.view(), 1e-6f, y.mutable_view()});
  state.SetBytesProcessed(state.iterations() * 8 * shape.elements());
}
BENCHMARK(bench_rms_norm)->Args({1, 576})->Args({512, 576})->Args({512, 2048})->UseRealTime();

}  // namespace
}  // namespace jet
