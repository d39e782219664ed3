// add_rms_norm: bytes per second over widths of real models.
#include "ops/add_rms_norm/add_rms_norm.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_add_rms_norm(benchmark::State& state) {
  testing::BenchContext bench(state.range(0));
  const Shape shape{state.range(1), state.range(2)};
  Tensor x = testing::random_tensor(shape);
  const Tensor y(DType::F32, shape), weight = testing::random_tensor({shape[1]});
  Tensor normed(DType::F32, shape);
  for (auto _ : state) {
    add_rms_norm(bench.context,
                 {x.mutable_view(), y.view(), weight.view(), 1e-6f, normed.mutable_view()});
  }
  state.SetBytesProcessed(state.iterations() * 16 * shape.elements());
}
BENCHMARK(bench_add_rms_norm)
    ->ArgNames({"threads", "rows", "D"})
    ->Args({1, 1, 576})
    ->Args({1, 512, 576})
    ->Args({2, 512, 576})
    ->UseRealTime();

}  // namespace
}  // namespace jet
