// embedding: rows a second from a vocabulary of 49,152 rows of 576.
#include <benchmark/benchmark.h>

#include "ops/embedding/embedding.h"
#include "ops/testing/random_weight.h"

namespace jet {
namespace {

void bench_embedding(benchmark::State& state, DType type) {
  constexpr int64_t kVocabulary = 49152;
  constexpr int64_t kWidth = 576;
  ThreadPool pool(available_threads());
  Arena arena;
  Context context{pool, arena};
  const Weight weight{Tensor(type, Shape{kVocabulary, kWidth})};
  std::vector<int32_t> ids;
  for (int64_t t = 0; t < state.range(0); ++t)
    ids.push_back(static_cast<int32_t>(t * 7919 % kVocabulary));
  Tensor y(DType::F32, Shape{state.range(0), kWidth});
  for (auto _ : state) embedding(context, {ids, weight, y.mutable_view()});
  state.SetBytesProcessed(state.iterations() * state.range(0) *
                          (row_bytes(type, kWidth) + row_bytes(DType::F32, kWidth)));
}
BENCHMARK_CAPTURE(bench_embedding, bf16, DType::BF16)->Arg(1)->Arg(512)->UseRealTime();
BENCHMARK_CAPTURE(bench_embedding, q8_0, DType::Q8_0)->Arg(1)->Arg(512)->UseRealTime();

}  // namespace
}  // namespace jet
