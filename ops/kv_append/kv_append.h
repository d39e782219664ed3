// Writes a step's keys or values into a sequence's cache.
#pragma once

#include "core/context.h"
#include "core/float8.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

struct KvAppend {
  ConstTensorView rows;  // [T, G, d] float32: keys or values of the step
  BatchView batch;
  CacheLayout layout = CacheLayout::Paged;
  TensorView cache;    // Paged: [pages * page_tokens, G, d]; Ring: [slots * window, G, d]; float32,
                       // bf16, f16; on the CPU Q8_0 (d a multiple of 32), on
                       // a device kFloat8
  int64_t window = 0;  // Ring: its rows
};

// Of more rows than a ring holds the last `window` are written. Rows of padding sequences (slot -1)
// are not written. Throws Error on shapes or types that do not fit, or a position beyond the
// sequence's pages. Moves T G d numbers.
void kv_append(Context& context, const KvAppend& args);

}  // namespace jet
