// kv_append on the CPU: threads over rows, each to a row of the cache of its own.
#include <algorithm>

#include "core/half.h"
#include "ops/kv_append/kernels.h"

namespace jet {
namespace {

constexpr int64_t kNumbers = 16384;  // a share too small to be worth waking a thread

// Row `to` of the cache, in its type.
void write_row(const TensorView& cache, int64_t to, const float* from, int64_t width) {
  std::byte* bytes = cache.data + to * row_bytes(cache.type, width);
  if (cache.type == DType::F32) {
    std::copy_n(from, width, reinterpret_cast<float*>(bytes));
    return;
  }
  auto* halves = reinterpret_cast<uint16_t*>(bytes);
  std::transform(from, from + width, halves,
                 cache.type == DType::BF16 ? float_to_bf16 : float_to_f16);
}

}  // namespace

void kv_append_cpu(Context& context, const KvAppend& args) {
  const BatchView& batch = args.batch;
  const int64_t width = args.rows.shape[1] * args.rows.shape[2];
  const int64_t grain = std::max<int64_t>(1, kNumbers / std::max<int64_t>(1, width));
  context.threads.parallel_for(batch.tokens(), grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t n = sequence_of_row(batch, row);
      const auto i = static_cast<size_t>(n);
      // A ring keeps the last rows: an earlier one would share the place of a later one.
      const bool replaced =
          args.layout == CacheLayout::Ring && batch.offsets[i + 1] - row > args.window;
      if (batch.slots[i] < 0 || replaced) continue;
      const int64_t position = batch.past[i] + (row - batch.offsets[i]);
      write_row(args.cache, cache_row(batch, args.layout, args.window, n, position),
                args.rows.f32() + row * width, width);
    }
  });
}

}  // namespace jet
