// kv_append on the CPU: threads over rows, each to a row of the cache of its own.
#include <algorithm>

#include "core/block_types/block_types.h"
#include "ops/kv_append/kernels.h"

namespace jet {
namespace {

constexpr int64_t kNumbers = 16384;  // a share too small to be worth waking a thread

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
      const int64_t to = cache_row(batch, args.layout, args.window, n, position);
      encode_row(args.cache.type, args.rows.f32() + row * width, width,
                 args.cache.data + to * row_bytes(args.cache.type, width));
    }
  });
}

}  // namespace jet
