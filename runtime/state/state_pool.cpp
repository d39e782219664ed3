#include "runtime/state/state_pool.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/checked.h"
#include "core/device.h"
#include "core/error.h"

namespace jet {
namespace {

constexpr int64_t kAlignment = 256;  // of a part: what kernels of a device want
constexpr int64_t kMost = std::numeric_limits<int32_t>::max();

// [pages * page_tokens, row...], [slots * rows, row...] or [slots, rows, row...]
Shape part_shape(const StatePart& part, const StatePoolOptions& options) {
  std::vector<int64_t> sizes;
  switch (part.growth) {
    case StateGrowth::PerToken:
      sizes = {checked_mul(options.pages, options.page_tokens)};
      break;
    case StateGrowth::Ring:
      sizes = {checked_mul(options.sequences, part.rows)};
      break;
    case StateGrowth::Fixed:
      sizes = {options.sequences, part.rows};
      break;
  }
  sizes.insert(sizes.end(), part.row.sizes().begin(), part.row.sizes().end());
  return Shape(sizes);
}

// Descending, so that the lowest number is handed out first.
std::vector<int32_t> numbers_below(int64_t n) {
  std::vector<int32_t> list(static_cast<size_t>(n));
  for (size_t i = 0; i < list.size(); ++i) list[i] = static_cast<int32_t>(list.size() - 1 - i);
  return list;
}

}  // namespace

StateUnits state_units(std::span<const StateSpec> layers, const StateTypes& types,
                       int64_t page_tokens) {
  StateUnits units;
  for (const StateSpec& layer : layers) {
    for (const StatePart& part : layer) {
      units.slot = checked_add(units.slot, state_fixed_bytes(part, types));
      if (part.growth == StateGrowth::PerToken) {
        const int64_t rows = checked_mul(page_tokens, state_row_bytes(part, types));
        units.page = checked_add(units.page, rows);
      }
    }
  }
  return units;
}

StatePool::StatePool(std::span<const StateSpec> layers, const StatePoolOptions& options)
    : layers_(layers.begin(), layers.end()),
      options_(options),
      units_(state_units(layers, options.types, options.page_tokens)) {
  if (options.sequences < 1 || options.sequences > kMost)
    fail("{} sequences, expected 1 to {}", options.sequences, kMost);
  if (options.context < 1 || options.context > kMost)
    fail("a context of {} tokens, expected 1 to {}", options.context, kMost);
  JET_CHECK(options.page_tokens >= 1);
  const int64_t pages_each = (options.context + options.page_tokens - 1) / options.page_tokens;
  if (options_.pages == 0) options_.pages = checked_mul(options.sequences, pages_each);
  if (options_.pages > kMost)
    fail("{} pages of {} tokens, expected at most {}; ask for fewer sequences or less context",
         options_.pages, options.page_tokens, kMost);

  std::vector<int64_t> offsets;
  int64_t total = 0;
  for (const StateSpec& layer : layers) {
    std::vector<TensorView>& views = states_.emplace_back();
    for (const StatePart& part : layer) {
      views.push_back({nullptr, options.types.of(part.use), part_shape(part, options_)});
      offsets.push_back(total);
      total = checked_add(total, (views.back().bytes() + kAlignment - 1) / kAlignment * kAlignment);
    }
  }
  bytes_ = total;
  if (options.device != nullptr) {
    on_device_ = options.device->allocate(total);
    options.device->clear(on_device_.get(), total);
  } else {
    memory_ = LazyMemory(total);
  }
  std::byte* const base = options.device != nullptr ? on_device_.get() : memory_.data();
  auto offset = offsets.begin();
  for (auto& views : states_) {
    for (TensorView& view : views) view.data = base + *offset++;
  }
  free_slots_ = numbers_below(options_.sequences);
  free_pages_ = numbers_below(units_.page == 0 ? 0 : options_.pages);
  users_.resize(free_pages_.size());
  pages_of_.resize(static_cast<size_t>(options_.sequences));
  if (options_.budget == 0) {
    options_.budget = checked_add(checked_mul(options_.sequences, units_.slot),
                                  checked_mul(free_pages(), units_.page));
  }
}

std::optional<int32_t> StatePool::acquire() {
  if (free_slots_.empty() || !has_room(1, 0)) return std::nullopt;
  const int32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void StatePool::release(int32_t slot) {
  trim(slot, 0);
  free_slots_.push_back(slot);
}

bool StatePool::reserve(int32_t slot, int64_t first, int64_t tokens) {
  if (units_.page == 0) return true;
  auto& pages = pages_of_[static_cast<size_t>(slot)];
  const auto begin = static_cast<size_t>(first / options_.page_tokens);
  const auto end = static_cast<size_t>(pages_for(tokens));
  int64_t missing = 0;
  for (size_t i = begin; i < end; ++i) missing += i >= pages.size() || pages[i] < 0 ? 1 : 0;
  if (!has_room(0, missing)) return false;
  if (pages.size() < end) pages.resize(end, -1);
  for (size_t i = begin; i < end; ++i) {
    if (pages[i] < 0) pages[i] = take_page();
  }
  return true;
}

void StatePool::trim(int32_t slot, int64_t tokens) {
  auto& pages = pages_of_[static_cast<size_t>(slot)];
  for (auto kept = static_cast<size_t>(pages_for(tokens)); pages.size() > kept; pages.pop_back()) {
    drop_page(pages.back());
  }
}

std::optional<int32_t> StatePool::fork(int32_t from, int64_t tokens) {
  const auto slot = acquire();
  if (!slot) return std::nullopt;
  try {
    if (copy(from, *slot, tokens)) return slot;
  } catch (...) {
    release(*slot);
    throw;
  }
  release(*slot);
  return std::nullopt;
}

bool StatePool::copy(int32_t from, int32_t to, int64_t tokens) {
  JET_CHECK(from != to);
  const int64_t filling = tokens % options_.page_tokens;
  if (!reserve(to, tokens, filling == 0 ? 0 : tokens)) return false;
  const auto& theirs = pages_of_[static_cast<size_t>(from)];
  auto& own = pages_of_[static_cast<size_t>(to)];
  const auto full = static_cast<size_t>(units_.page == 0 ? 0 : tokens / options_.page_tokens);
  if (own.size() < full) own.resize(full, -1);
  for (size_t i = 0; i < full; ++i) {
    ++users_[static_cast<size_t>(theirs[i])];
    drop_page(own[i]);
    own[i] = theirs[i];
  }
  if (units_.page > 0 && filling > 0) copy_page(theirs[full], own[full]);
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    for (size_t i = 0; i < layers_[layer].size(); ++i) {
      const StatePart& part = layers_[layer][i];
      if (part.growth == StateGrowth::PerToken) continue;
      const int64_t rows = part.growth == StateGrowth::Ring ? part.rows : 1;
      copy_rows(states_[layer][i], from * rows, to * rows, rows);
    }
  }
  return true;
}

int64_t StatePool::part_bytes(size_t layer, size_t part, int64_t tokens) const {
  const StatePart& spec = layers_[layer][part];
  if (spec.growth == StateGrowth::Fixed) return state_fixed_bytes(spec, options_.types);
  const int64_t rows = spec.growth == StateGrowth::Ring ? std::min(tokens, spec.rows) : tokens;
  return rows * state_row_bytes(spec, options_.types);
}

std::vector<StatePool::Run> StatePool::runs(int32_t slot, int64_t tokens, size_t layer,
                                            size_t part) const {
  const StatePart& spec = layers_[layer][part];
  const TensorView& tensor = states_[layer][part];
  const int64_t bytes = part_bytes(layer, part, tokens);
  if (spec.growth != StateGrowth::PerToken)
    return {{tensor.data + slot * state_fixed_bytes(spec, options_.types), bytes}};
  std::vector<Run> list;
  const int64_t page = options_.page_tokens * state_row_bytes(spec, options_.types);
  for (int64_t at = 0; at < bytes; at += page) {
    const int64_t number = pages(slot)[static_cast<size_t>(at / page)];
    list.push_back({tensor.data + number * page, std::min(page, bytes - at)});
  }
  return list;
}

void StatePool::read(int32_t slot, int64_t tokens, size_t layer, size_t part, std::byte* to) const {
  for (const auto& [data, bytes] : runs(slot, tokens, layer, part)) {
    if (options_.device != nullptr) {
      options_.device->download(to, data, bytes);
    } else {
      std::memcpy(to, data, static_cast<size_t>(bytes));
    }
    to += bytes;
  }
}

void StatePool::write(int32_t slot, int64_t tokens, size_t layer, size_t part,
                      const std::byte* from) {
  for (const auto& [data, bytes] : runs(slot, tokens, layer, part)) {
    if (options_.device != nullptr) {
      options_.device->upload(data, from, bytes);
    } else {
      std::memcpy(data, from, static_cast<size_t>(bytes));
    }
    from += bytes;
  }
}

int64_t StatePool::pages_for(int64_t tokens) const {
  if (units_.page == 0) return 0;
  return (tokens + options_.page_tokens - 1) / options_.page_tokens;
}

int64_t StatePool::bytes_in_use() const {
  const int64_t slots = options_.sequences - free_slots();
  const int64_t pages = static_cast<int64_t>(users_.size()) - free_pages();
  return slots * units_.slot + pages * units_.page;
}

bool StatePool::has_room(int64_t slots, int64_t pages) const {
  return pages <= free_pages() &&
         bytes_in_use() + slots * units_.slot + pages * units_.page <= options_.budget;
}

int32_t StatePool::take_page() {
  const int32_t page = free_pages_.back();
  free_pages_.pop_back();
  users_[static_cast<size_t>(page)] = 1;
  return page;
}

void StatePool::drop_page(int32_t page) {
  if (page >= 0 && --users_[static_cast<size_t>(page)] == 0) free_pages_.push_back(page);
}

// Entries [from, from + rows) of the outermost axis to [to, to + rows).
void StatePool::copy_rows(const TensorView& part, int64_t from, int64_t to, int64_t rows) {
  const int64_t stride = part.bytes() / part.shape[0];
  if (options_.device != nullptr) {
    options_.device->copy(part.data + to * stride, part.data + from * stride, rows * stride);
  } else {
    std::memcpy(part.data + to * stride, part.data + from * stride,
                static_cast<size_t>(rows * stride));
  }
}

void StatePool::copy_page(int32_t from, int32_t to) {
  const int64_t tokens = options_.page_tokens;
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    for (size_t i = 0; i < layers_[layer].size(); ++i) {
      if (layers_[layer][i].growth == StateGrowth::PerToken)
        copy_rows(states_[layer][i], from * tokens, to * tokens, tokens);
    }
  }
}

}  // namespace jet
