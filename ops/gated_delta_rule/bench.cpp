// gated_delta_rule: operations per second for prompts, bytes of state per second for decoding.
#include <cmath>

#include "ops/gated_delta_rule/gated_delta_rule.h"
#include "ops/testing/op_bench.h"

namespace jet {
namespace {

void bench_gated_delta_rule(benchmark::State& state) {
  testing::BenchContext bench(state.range(0));
  const int64_t sequences = state.range(1), rows = state.range(2), tokens = sequences * rows;
  const int64_t heads = state.range(3), keys = state.range(4), values = state.range(5);
  const testing::BenchBatch batch(sequences, rows, 8);
  const double unit = 1 / std::sqrt(static_cast<double>(keys));
  const Tensor q = testing::random_tensor({tokens, heads, keys}, 0, unit);
  const Tensor v = testing::random_tensor({tokens, heads, values});
  const Tensor g = testing::random_tensor({tokens, heads}, -0.1, 0);
  const Tensor beta = testing::random_tensor({tokens, heads}, 0.5, 0);
  Tensor memory(DType::F32, Shape{sequences, heads, keys, values});
  Tensor y(DType::F32, Shape{tokens, heads, values});
  const GatedDeltaRule args{q.view(),
                            q.view(),
                            v.view(),
                            g.view(),
                            beta.view(),
                            batch.view(),
                            memory.mutable_view(),
                            y.mutable_view()};
  const auto workspace = bench.workspace(gated_delta_rule_workspace(bench.context, args));
  for (auto _ : state) gated_delta_rule(bench.context, args, workspace);
  state.counters["flops"] =
      testing::rate(state, 7.0 * static_cast<double>(tokens * heads * keys * values));
  state.SetBytesProcessed(state.iterations() * 8 * memory.shape().elements());
}
BENCHMARK(bench_gated_delta_rule)
    ->ArgNames({"threads", "N", "rows", "H", "K", "V"})
    ->Args({1, 1, 1, 12, 96, 256})
    ->Args({1, 16, 1, 12, 96, 256})
    ->Args({2, 16, 1, 12, 96, 256})
    ->Args({1, 1, 256, 12, 96, 256})
    ->Args({2, 1, 256, 12, 96, 256})
    ->UseRealTime();

}  // namespace
}  // namespace jet
