#include "ops/attention/attention.h"

#include <algorithm>

#include "core/error.h"
#include "ops/attention/kernels.h"
#include "ops/device_ops.h"
#include "ops/expect.h"

namespace jet {
namespace {

void expect_heads(const Context& context, const Attention& args) {
  const DType numbers = expect_numbers(context, "attention", "q", args.q, 3);
  expect_rank("attention", "k", args.k, numbers, 3);
  const int64_t heads = args.q.shape[1], groups = args.k.shape[1];
  if (groups < 1 || heads % groups != 0) {
    fail("attention: {} heads of queries for {} of keys, expected a multiple", heads, groups);
  }
}

// The cached positions that the step sees must have pages.
void expect_visible_pages(const Attention& args) {
  const BatchView& batch = args.batch;
  for (int64_t n = 0; n < batch.sequences(); ++n) {
    const auto i = static_cast<size_t>(n);
    if (batch.slots[i] < 0 || batch.offsets[i] == batch.offsets[i + 1]) continue;
    const int64_t past = batch.past[i];
    const int64_t first = args.window == 0 ? 0 : std::max<int64_t>(0, past - args.window + 1);
    expect_pages("attention", batch, n, first, past, args.k_cache.shape[0]);
    expect_pages("attention", batch, n, first, past, args.v_cache.shape[0]);
  }
}

}  // namespace

int64_t attention_workspace(const Context& context, const Attention& args) {
  expect_heads(context, args);
  if (context.device != nullptr) return context.device->ops().attention_workspace(context, args);
  return attention_cpu_workspace(context, args);
}

void attention(Context& context, const Attention& args, std::span<std::byte> workspace) {
  expect_heads(context, args);
  const int64_t tokens = args.q.shape[0], groups = args.k.shape[1], head_dim = args.q.shape[2];
  expect("attention", "k", args.k, args.q.type, Shape{tokens, groups, head_dim});
  expect("attention", "v", args.v, args.q.type, args.k.shape);
  expect("attention", "y", args.y, args.q.type, args.q.shape);
  expect_batch("attention", args.batch, tokens);
  if (args.window < 0) fail("attention: a window of {} positions", args.window);
  expect_cache("attention", "k_cache", args.k_cache, args.batch, args.layout, args.window, groups,
               head_dim);
  expect_cache("attention", "v_cache", args.v_cache, args.batch, args.layout, args.window, groups,
               head_dim);
  if (args.k_cache.type != args.v_cache.type) {
    fail("attention: keys are kept in {}, values in {}, expected one type", name(args.k_cache.type),
         name(args.v_cache.type));
  }
  expect_cache_of("attention", context, args.k_cache.type);
  if (args.layout == CacheLayout::Paged) expect_visible_pages(args);
  expect_workspace("attention", workspace, attention_workspace(context, args));
  if (context.device != nullptr) return context.device->ops().attention(context, args, workspace);
  attention_cpu(context, args, workspace);
}

}  // namespace jet
