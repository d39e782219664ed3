// add: bytes a second, for a decoding row and for a prompt.
#include <benchmark/benchmark.h>

#include "ops/add/add.h"

namespace jet {
namespace {

void bench_add(benchmark::State& state) {
  ThreadPool pool(available_threads());
  Arena arena;
  Context context{pool, arena};
  const Shape shape{state.range(0), state.range(1)};
  Tensor x(DType::F32, shape);
  const Tensor y(DType::F32, shape);
  for (auto _ : state) add(context, {x.mutable_view(), y.view()});
  state.SetBytesProcessed(state.iterations() * 12 * shape.elements());
}
BENCHMARK(bench_add)->Args({1, 576})->Args({512, 576})->Args({512, 2048})->UseRealTime();

}  // namespace
}  // namespace jet
