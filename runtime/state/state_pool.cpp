#include "runtime/state/state_pool.h"

#include <algorithm>
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

StatePool::StatePool(std::span<const StateSpec> layers, const StatePoolOptions& options)
    : options_(options) {
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
      slot_bytes_ += state_fixed_bytes(part, options.types);
      if (part.growth == StateGrowth::PerToken)
        page_bytes_ += options.page_tokens * state_row_bytes(part, options.types);
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
  free_pages_ = numbers_below(page_bytes_ == 0 ? 0 : options_.pages);
  pages_of_.resize(static_cast<size_t>(options_.sequences));
}

std::optional<int32_t> StatePool::acquire() {
  if (free_slots_.empty()) return std::nullopt;
  const int32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void StatePool::release(int32_t slot) {
  auto& pages = pages_of_[static_cast<size_t>(slot)];
  free_pages_.insert(free_pages_.end(), pages.rbegin(), pages.rend());
  pages.clear();
  free_slots_.push_back(slot);
}

bool StatePool::reserve(int32_t slot, int64_t tokens) {
  if (page_bytes_ == 0) return true;
  auto& pages = pages_of_[static_cast<size_t>(slot)];
  const int64_t wanted = (tokens + options_.page_tokens - 1) / options_.page_tokens;
  const int64_t missing = wanted - static_cast<int64_t>(pages.size());
  if (missing > free_pages()) return false;
  for (int64_t i = 0; i < missing; ++i) {
    pages.push_back(free_pages_.back());
    free_pages_.pop_back();
  }
  return true;
}

int64_t StatePool::bytes_in_use() const {
  const int64_t slots = options_.sequences - free_slots();
  const int64_t pages = page_bytes_ == 0 ? 0 : options_.pages - free_pages();
  return slots * slot_bytes_ + pages * page_bytes_;
}

}  // namespace jet
