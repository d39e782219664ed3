// rope: bytes a second over heads of real models.
#include <benchmark/benchmark.h>

#include "ops/rope/rope.h"

namespace jet {
namespace {

// Arguments: T, heads, width.
void bench_rope(benchmark::State& state) {
  ThreadPool pool(available_threads());
  Arena arena;
  Context context{pool, arena};
  const Shape shape{state.range(0), state.range(1), state.range(2)};
  Tensor x(DType::F32, shape);
  const Tensor frequencies = rope_frequencies(shape.back(), 10000);
  const std::vector<int32_t> offsets{0, static_cast<int32_t>(shape[0])};
  const std::vector<int32_t> slots{0};
  const std::vector<int32_t> past{1000};
  const BatchView batch{.offsets = offsets, .slots = slots, .past = past, .pages = {}};
  for (auto _ : state) rope(context, {x.mutable_view(), frequencies.view(), batch});
  state.SetBytesProcessed(state.iterations() * 8 * shape.elements());
}
BENCHMARK(bench_rope)->Args({1, 9, 64})->Args({512, 9, 64})->Args({512, 12, 128})->UseRealTime();

}  // namespace
}  // namespace jet
