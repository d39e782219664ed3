// Causal grouped-query attention over a sequence's cache and the step's own rows (Ainslie et al.
// 2023, arXiv 2305.13245): a prompt, a part of one, and a decoding step are the same call with
// other lengths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

struct Attention {
  ConstTensorView q;  // [T, H, d] float32
  ConstTensorView k;  // [T, G, d] float32, the step's own keys; H a multiple of G, head h reads
                      // group h / (H / G)
  ConstTensorView v;  // [T, G, d]
  BatchView batch;
  CacheLayout layout = CacheLayout::Paged;
  ConstTensorView k_cache;  // positions before the step; as in KvAppend, which runs after this op
  ConstTensorView v_cache;  // of the same type
  int64_t window =
      0;  // position t sees j with t - window < j <= t; 0: all j <= t. Ring: also its rows
  float scale = 1.0f;  // of q k^T, usually d^-1/2
  TensorView y;        // [T, H, d] float32
};

int64_t attention_workspace(const Context& context, const Attention& args);  // bytes

// Scores, maximum, sum and weighted values run in float32 over positions in an order that follows
// from the positions alone, and the step's own keys and values count as the cache will hold them:
// cutting a prompt differently changes no bit. Rows of padding sequences give 0. Throws Error on
// shapes or types that do not fit. 4 H d flops for each pair (t, j); decoding reads the visible
// cache once.
void attention(Context& context, const Attention& args, std::span<std::byte> workspace);

}  // namespace jet
