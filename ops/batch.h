// How the rows of one step are packed: N sequences, T rows in all, each sequence's rows together
// and in order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace jet {

// The arrays of a BatchView in the memory of a device, for its kernels.
struct DeviceBatch {
  const int32_t* offsets = nullptr;     // [N + 1]
  const int32_t* slots = nullptr;       // [N]
  const int32_t* past = nullptr;        // [N]
  const int32_t* pages = nullptr;       // [N, pages_per_sequence]
  const int32_t* ids = nullptr;         // [T] the tokens
  const int32_t* logit_rows = nullptr;  // the rows whose logits are wanted
  const int32_t* sequence = nullptr;    // [T] the sequence that each row belongs to
};

// Views into the engine's batch plan, in the memory of the host. Row r of sequence n stands at
// position past[n] + (r - offsets[n]) of its text.
struct BatchView {
  std::span<const int32_t> offsets;  // [N + 1] first row of each sequence; offsets[N] = T
  std::span<const int32_t>
      slots;  // [N] slot of the state pool; -1: padding, reads a zero state and writes nothing
  std::span<const int32_t> past;  // [N] tokens already in the sequence's state
  std::span<const int32_t>
      pages;  // [N, pages_per_sequence] pages of what grows, in order; unused entries -1
  int64_t pages_per_sequence = 0;
  int64_t page_tokens = 64;
  DeviceBatch on_device = {};  // where a device computes

  int64_t sequences() const { return static_cast<int64_t>(slots.size()); }
  int64_t tokens() const { return offsets.empty() ? 0 : offsets.back(); }
};

// The sequence that row r of the step belongs to.
inline int64_t sequence_of_row(const BatchView& batch, int64_t r) {
  return std::upper_bound(batch.offsets.begin(), batch.offsets.end(), r) - batch.offsets.begin() -
         1;
}

// Where a state pool keeps the row of position p: in pages that a table names, or in a ring of the
// last rows.
enum class CacheLayout { Paged, Ring };

// The row of a cache [rows, ...] that holds position p of sequence n. `ring_rows` is the window of
// a ring.
inline int64_t cache_row(const BatchView& batch, CacheLayout layout, int64_t ring_rows, int64_t n,
                         int64_t p) {
  if (layout == CacheLayout::Ring)
    return batch.slots[static_cast<size_t>(n)] * ring_rows + p % ring_rows;
  const int64_t page =
      batch.pages[static_cast<size_t>(n * batch.pages_per_sequence + p / batch.page_tokens)];
  return page * batch.page_tokens + p % batch.page_tokens;
}

}  // namespace jet
