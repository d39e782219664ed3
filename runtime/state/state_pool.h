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
  int64_t budget = 0;  // most bytes in use at a time; 0: all slots and pages
  StateTypes types = {};
  Device* device = nullptr;  // whose memory to take; null: the host's
};

// What a pool gives out, in bytes over all layers: the fixed parts and rings of one sequence, and
// one page.
struct StateUnits {
  int64_t slot = 0;
  int64_t page = 0;
};
StateUnits state_units(std::span<const StateSpec> layers, const StateTypes& types,
                       int64_t page_tokens);

// Memory is an address range taken once; what no sequence has touched costs nothing. A slot's fixed
// parts and rings are not cleared: a sequence that begins (past = 0) reads none of them.
//
// A page may belong to several slots once all its rows are written: nothing writes to it again. A
// page that is still being filled belongs to one slot, so that forking copies it.
class StatePool {
 public:
  // Throws Error on options out of range or when the range cannot be had.
  StatePool(std::span<const StateSpec> layers, const StatePoolOptions& options);

  const std::vector<StateSpec>& layers() const { return layers_; }
  const LayerStates& states() const { return states_; }
  const StatePoolOptions& options() const { return options_; }

  std::optional<int32_t> acquire();  // a slot; nothing when all are taken or the budget is spent
  void release(int32_t slot);        // its pages too
  // Gives the slot pages of its own for positions [first, tokens) where it has none; those below
  // `first` are left for copy(). False, and no change, when too little is left.
  bool reserve(int32_t slot, int64_t first, int64_t tokens);
  bool reserve(int32_t slot, int64_t tokens) { return reserve(slot, 0, tokens); }
  // Gives pages for positions from `tokens` on back.
  void trim(int32_t slot, int64_t tokens);

  // A slot that holds what `from` holds after its `tokens` tokens: fixed parts and rings copied,
  // full pages shared, the page that is being filled copied. Nothing when too little is left.
  std::optional<int32_t> fork(int32_t from, int64_t tokens);
  // The same into a slot that is there; its own pages past `tokens` stay. False, and no change,
  // when too little is left. Moves slot_bytes() and at most one page, read and written.
  bool copy(int32_t from, int32_t to, int64_t tokens);

  // Bytes that a sequence of `tokens` tokens holds of a part: rows that it has not written are left
  // out.
  int64_t part_bytes(size_t layer, size_t part, int64_t tokens) const;
  // Those bytes, in order of position (rings: of row), out of a slot and into one that has pages
  // for them.
  void read(int32_t slot, int64_t tokens, size_t layer, size_t part, std::byte* to) const;
  void write(int32_t slot, int64_t tokens, size_t layer, size_t part, const std::byte* from);

  // The pages of positions [0, 64), [64, 128), ...: -1 where the slot has none.
  std::span<const int32_t> pages(int32_t slot) const {
    return pages_of_[static_cast<size_t>(slot)];
  }
  // Slots that share the page.
  int32_t users(int32_t page) const { return users_[static_cast<size_t>(page)]; }

  int64_t pages_for(int64_t tokens) const;  // 0 where nothing grows
  int64_t free_slots() const { return static_cast<int64_t>(free_slots_.size()); }
  int64_t free_pages() const { return static_cast<int64_t>(free_pages_.size()); }
  int64_t slot_bytes() const { return units_.slot; }
  int64_t page_bytes() const { return units_.page; }
  int64_t bytes() const { return bytes_; }
  int64_t budget() const { return options_.budget; }
  int64_t bytes_in_use() const;  // shared pages counted once

 private:
  struct Run {  // of bytes of a part that stand together
    std::byte* data;
    int64_t bytes;
  };
  std::vector<Run> runs(int32_t slot, int64_t tokens, size_t layer, size_t part) const;
  bool has_room(int64_t slots, int64_t pages) const;
  int32_t take_page();
  void drop_page(int32_t page);
  void copy_rows(const TensorView& part, int64_t from, int64_t to, int64_t rows);
  void copy_page(int32_t from, int32_t to);

  std::vector<StateSpec> layers_;
  StatePoolOptions options_;
  LazyMemory memory_;
  std::shared_ptr<std::byte> on_device_;
  int64_t bytes_ = 0;
  LayerStates states_;
  std::vector<int32_t> free_slots_;  // the last is next
  std::vector<int32_t> free_pages_;
  std::vector<int32_t> users_;                  // by page
  std::vector<std::vector<int32_t>> pages_of_;  // by slot
  StateUnits units_;
};

}  // namespace jet
