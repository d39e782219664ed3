// dynamic_conv: bytes per second, most of them taps.
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_dynamic_conv(benchmark::State& state) {
  testing::BenchContext bench(state.range(0));
  const int64_t tokens = state.range(1), channels = state.range(2), width = 4;
  const testing::BenchBatch batch(1, tokens, 8);
  const Tensor u = testing::random_tensor({tokens, channels});
  const Tensor taps = testing::random_tensor({tokens, channels, width});
  Tensor history = testing::random_tensor({1, width - 1, channels});
  Tensor y(DType::F32, Shape{tokens, channels});
  for (auto _ : state) {
    dynamic_conv(bench.context,
                 {u.view(), taps.view(), batch.view(), history.mutable_view(), y.mutable_view()});
  }
  state.SetBytesProcessed(state.iterations() * 4 * tokens * channels * (width + 2));
}
BENCHMARK(bench_dynamic_conv)
    ->ArgNames({"threads", "T", "C"})
    ->Args({1, 1, 3072})
    ->Args({1, 512, 3072})
    ->Args({2, 512, 3072})
    ->UseRealTime();

}  // namespace
}  // namespace jet
