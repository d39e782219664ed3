// Memory for the states of all sequences: pages for what grows, rings for windows, slots for what
// is fixed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/lazy_memory.h"
#include "mixers/state_spec.h"
#include "models/decoder.h"

namespace jet {

struct StatePoolOptions {
  int64_t sequences = 1;
  int64_t context = 0;  // most tokens of one sequence
  int64_t pages = 0;    // for all sequences together; 0: enough for each to reach `context`
  int64_t page_tokens = 64;
  StateTypes types = {};
  Device* device = nullptr;  // whose memory to take; null: the host's
};

// Memory is an address range taken once; what no sequence has touched costs nothing. A slot's fixed
// parts and rings are not cleared: a sequence that begins (past = 0) reads none of them.
class StatePool {
 public:
  // Throws Error on options out of range or when the range cannot be had.
  StatePool(std::span<const StateSpec> layers, const StatePoolOptions& options);

  const LayerStates& states() const { return states_; }
  const StatePoolOptions& options() const { return options_; }

  std::optional<int32_t> acquire();  // a slot, or nothing when all are taken
  void release(int32_t slot);        // its pages too
  // Gives the slot pages for positions [0, tokens). False, and no change, when the pool has too few
  // left.
  bool reserve(int32_t slot, int64_t tokens);
  std::span<const int32_t> pages(int32_t slot) const {
    return pages_of_[static_cast<size_t>(slot)];
  }

  int64_t free_slots() const { return static_cast<int64_t>(free_slots_.size()); }
  int64_t free_pages() const { return static_cast<int64_t>(free_pages_.size()); }
  int64_t slot_bytes() const { return slot_bytes_; }  // fixed parts and rings of one sequence
  int64_t page_bytes() const { return page_bytes_; }  // of all layers
  int64_t bytes() const { return bytes_; }
  int64_t bytes_in_use() const;

 private:
  StatePoolOptions options_;
  LazyMemory memory_;
  std::shared_ptr<std::byte> on_device_;
  int64_t bytes_ = 0;
  LayerStates states_;
  std::vector<int32_t> free_slots_;  // the last is next
  std::vector<int32_t> free_pages_;
  std::vector<std::vector<int32_t>> pages_of_;  // by slot
  int64_t slot_bytes_ = 0;
  int64_t page_bytes_ = 0;
};

}  // namespace jet
