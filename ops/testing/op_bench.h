// What the benchmarks of ops share: a context, inputs, and sequences of one length in a batch.
#pragma once

#include <algorithm>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/context.h"
#include "core/random.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet::testing {

struct BenchContext {
  explicit BenchContext(int64_t threads) : pool(static_cast<int>(threads)) {}
  ThreadPool pool;
  Arena arena;
  Context context{pool, arena};
  std::span<std::byte> workspace(int64_t bytes) {
    return {arena.take(bytes), static_cast<size_t>(bytes)};
  }
};

inline Tensor random_tensor(const Shape& shape, double mean = 0, double deviation = 1) {
  Tensor tensor(DType::F32, shape);
  Random random(1);
  std::generate_n(tensor.mutable_view().f32(), shape.elements(),
                  [&] { return static_cast<float>(mean + deviation * random.normal()); });
  return tensor;
}

// `sequences` of `rows` rows each, with `past` tokens before them, in slots and pages of their own.
struct BenchBatch {
  std::vector<int32_t> offsets{0}, slots, past, pages;
  int64_t pages_per_sequence;

  BenchBatch(int64_t sequences, int64_t rows, int64_t past_tokens)
      : pages_per_sequence((past_tokens + rows + 63) / 64) {
    for (int32_t n = 0; n < sequences; ++n) {
      offsets.push_back(offsets.back() + static_cast<int32_t>(rows));
      slots.push_back(n);
      past.push_back(static_cast<int32_t>(past_tokens));
    }
    for (int32_t page = 0; page < sequences * pages_per_sequence; ++page) pages.push_back(page);
  }
  BatchView view() const { return {offsets, slots, past, pages, pages_per_sequence, 64}; }
};

inline benchmark::Counter rate(const benchmark::State& state, double amount) {
  return {static_cast<double>(state.iterations()) * amount, benchmark::Counter::kIsRate};
}

}  // namespace jet::testing
