// silu_l2_norm: bytes per second for the queries of real models.
#include "ops/silu_l2_norm/silu_l2_norm.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_silu_l2_norm(benchmark::State& state) {
  testing::BenchContext bench(state.range(0));
  const Shape shape{state.range(1), state.range(2), state.range(3)};
  const Tensor x = testing::random_tensor(shape);
  Tensor y(DType::F32, shape);
  for (auto _ : state) silu_l2_norm(bench.context, {x.view(), 0.1f, 1e-6f, y.mutable_view()});
  state.SetBytesProcessed(state.iterations() * 8 * shape.elements());
}
BENCHMARK(bench_silu_l2_norm)
    ->ArgNames({"threads", "T", "H", "K"})
    ->Args({1, 1, 12, 96})
    ->Args({1, 512, 12, 96})
    ->Args({2, 512, 12, 96})
    ->UseRealTime();

}  // namespace
}  // namespace jet
