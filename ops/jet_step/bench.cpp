// jet_step: bytes of recurrent state per second, read and written.
#include "ops/jet_step/jet_step.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_jet_step(benchmark::State& state) {
  testing::BenchContext bench(state.range(0));
  const int64_t rows = state.range(1), heads = state.range(2);
  const int64_t keys = state.range(3), values = state.range(4), channels = heads * values;
  constexpr int64_t kTaps = 4;
  const testing::BenchBatch batch(rows, 1, 8);
  const Tensor q = testing::random_tensor({rows, heads, keys});
  const Tensor u = testing::random_tensor({rows, channels});
  const Tensor taps = testing::random_tensor({rows, channels, kTaps}, 0, 0.5);
  const Tensor a = testing::random_tensor({rows, heads});
  const Tensor gate = testing::random_tensor({rows, heads, values});
  const Tensor of_heads = testing::random_tensor({heads});
  const Tensor norm = testing::random_tensor({values});
  Tensor conv(DType::F32, Shape{rows, kTaps - 1, channels});
  Tensor recurrent(DType::F32, Shape{rows, heads, keys, values});
  Tensor y(DType::F32, Shape{rows, heads, values});
  const JetStep args{.q = q.view(),
                     .k = q.view(),
                     .u = u.view(),
                     .taps = taps.view(),
                     .a = a.view(),
                     .b = a.view(),
                     .gate = gate.view(),
                     .a_log = of_heads.view(),
                     .dt_bias = of_heads.view(),
                     .o_norm = norm.view(),
                     .batch = batch.view(),
                     .conv_state = conv.mutable_view(),
                     .recurrent_state = recurrent.mutable_view(),
                     .y = y.mutable_view()};
  const auto workspace = bench.workspace(jet_step_workspace(bench.context, args));
  for (auto _ : state) jet_step(bench.context, args, workspace);
  state.SetBytesProcessed(state.iterations() * 8 * recurrent.shape().elements());
}
BENCHMARK(bench_jet_step)
    ->ArgNames({"threads", "rows", "H", "K", "V"})
    ->Args({1, 1, 9, 64, 64})
    ->Args({2, 1, 9, 64, 64})
    ->Args({1, 64, 12, 96, 256})
    ->Args({2, 64, 12, 96, 256})
    ->UseRealTime();

}  // namespace
}  // namespace jet
