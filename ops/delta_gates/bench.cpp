// delta_gates: gates per second.
#include "ops/delta_gates/delta_gates.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_delta_gates(benchmark::State& state) {
  testing::BenchContext bench(state.range(0));
  const Shape shape{state.range(1), state.range(2)}, heads{state.range(2)};
  const Tensor a = testing::random_tensor(shape), per_head = testing::random_tensor(heads);
  Tensor g(DType::F32, shape), beta(DType::F32, shape);
  for (auto _ : state) {
    delta_gates(bench.context, {a.view(), a.view(), per_head.view(), per_head.view(),
                                g.mutable_view(), beta.mutable_view()});
  }
  state.SetItemsProcessed(state.iterations() * shape.elements());
}
BENCHMARK(bench_delta_gates)
    ->ArgNames({"threads", "T", "H"})
    ->Args({1, 1, 12})
    ->Args({1, 512, 12})
    ->Args({2, 512, 12})
    ->UseRealTime();

}  // namespace
}  // namespace jet
