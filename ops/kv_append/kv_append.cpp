#include "ops/kv_append/kv_append.h"

#include "core/error.h"
#include "ops/device_ops.h"
#include "ops/expect.h"
#include "ops/kv_append/kernels.h"

namespace jet {

void kv_append(Context& context, const KvAppend& args) {
  expect_numbers(context, "kv_append", "rows", args.rows, 3);
  expect_batch("kv_append", args.batch, args.rows.shape[0]);
  expect_cache("kv_append", "cache", args.cache, args.batch, args.layout, args.window,
               args.rows.shape[1], args.rows.shape[2]);
  expect_cache_of("kv_append", context, args.cache.type);
  if (args.layout == CacheLayout::Paged) {
    for (int64_t n = 0; n < args.batch.sequences(); ++n) {
      const auto i = static_cast<size_t>(n);
      if (args.batch.slots[i] < 0) continue;
      const int64_t past = args.batch.past[i];
      const int64_t rows = args.batch.offsets[i + 1] - args.batch.offsets[i];
      expect_pages("kv_append", args.batch, n, past, past + rows, args.cache.shape[0]);
    }
  }
  if (context.device != nullptr) return context.device->ops().kv_append(context, args);
  kv_append_cpu(context, args);
}

}  // namespace jet
