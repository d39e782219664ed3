// gated_rms_norm: bytes per second for the outputs of real models.
#include "ops/gated_rms_norm/gated_rms_norm.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_gated_rms_norm(benchmark::State& state) {
  testing::BenchContext bench(state.range(0));
  const Shape shape{state.range(1), state.range(2), state.range(3)};
  const Tensor x = testing::random_tensor(shape), weight = testing::random_tensor({shape.back()});
  Tensor y(DType::F32, shape);
  for (auto _ : state) {
    gated_rms_norm(bench.context, {x.view(), x.view(), weight.view(), 1e-5f, y.mutable_view()});
  }
  state.SetBytesProcessed(state.iterations() * 12 * shape.elements());
}
BENCHMARK(bench_gated_rms_norm)
    ->ArgNames({"threads", "T", "H", "V"})
    ->Args({1, 1, 12, 256})
    ->Args({1, 512, 12, 256})
    ->Args({2, 512, 12, 256})
    ->UseRealTime();

}  // namespace
}  // namespace jet
