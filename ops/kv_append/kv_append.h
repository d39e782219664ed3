// Writes a step's keys or values into a sequence's cache.
#pragma once

#include "core/context.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

// A cache's 8-bit floats (e4m3: 4 bits of exponent, 3 of mantissa, at most 448), which a CUDA
// device alone reads; nothing else is kept in them, and DType names them by their size.
inline constexpr DType kFloat8 = DType::U8;

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
