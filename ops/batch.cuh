// The batch as kernels see it.
#pragma once

#include <cstdint>

#include "ops/batch.h"

namespace jet {

// Where a cache keeps a position: cache_row of ops/batch.h, for kernels.
struct CacheRows {
  const int32_t* slots;
  const int32_t* pages;  // null: rings
  int pages_per_sequence;
  int page_tokens;  // or the rows of a ring

  __device__ int64_t operator()(int n, int position) const {
    if (pages == nullptr) return int64_t{slots[n]} * page_tokens + position % page_tokens;
    const int page = pages[int64_t{n} * pages_per_sequence + position / page_tokens];
    return int64_t{page} * page_tokens + position % page_tokens;
  }
};

inline CacheRows cache_rows(const BatchView& batch, CacheLayout layout, int64_t window) {
  const bool is_ring = layout == CacheLayout::Ring;
  return {batch.on_device.slots, is_ring ? nullptr : batch.on_device.pages,
          static_cast<int>(batch.pages_per_sequence),
          static_cast<int>(is_ring ? window : batch.page_tokens)};
}

}  // namespace jet
