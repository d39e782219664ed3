#include "runtime/batch_plan.h"

#include <algorithm>

namespace jet {

void BatchPlan::clear() {
  ids_.clear();
  offsets_.assign(1, 0);
  slots_.clear();
  past_.clear();
  logit_rows_.clear();
  page_lists_.clear();
}

void BatchPlan::add(const StatePool& pool, int32_t slot, int64_t past, std::span<const int32_t> ids,
                    Logits logits) {
  const int32_t first = offsets_.back();
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  offsets_.push_back(static_cast<int32_t>(ids_.size()));
  slots_.push_back(slot);
  past_.push_back(static_cast<int32_t>(past));
  page_lists_.push_back(pool.pages(slot));
  page_tokens_ = pool.options().page_tokens;
  if (logits == Logits::None) return;
  for (int32_t row = logits == Logits::All ? first : offsets_.back() - 1; row < offsets_.back();
       ++row) {
    logit_rows_.push_back(row);
  }
}

BatchView BatchPlan::view(Device* device) {
  size_t longest = 0;
  for (const auto& pages : page_lists_) longest = std::max(longest, pages.size());
  pages_.assign(longest * page_lists_.size(), -1);
  for (size_t n = 0; n < page_lists_.size(); ++n)
    std::ranges::copy(page_lists_[n], pages_.begin() + static_cast<int64_t>(n * longest));
  const DeviceBatch there = device != nullptr ? copy_to(*device) : DeviceBatch{};
  return {offsets_, slots_, past_, pages_, static_cast<int64_t>(longest), page_tokens_, there};
}

// One copy for all arrays, each at a multiple of 16 bytes.
DeviceBatch BatchPlan::copy_to(Device& device) {
  packed_.clear();
  const auto pack = [&](std::span<const int32_t> array) {
    const size_t at = packed_.size();
    packed_.insert(packed_.end(), array.begin(), array.end());
    packed_.resize((packed_.size() + 3) / 4 * 4);
    return at;
  };
  const size_t ids = pack(ids_), offsets = pack(offsets_), slots = pack(slots_);
  const size_t past = pack(past_), pages = pack(pages_), logit_rows = pack(logit_rows_);
  const size_t sequence = packed_.size();
  for (size_t n = 0; n < slots_.size(); ++n) {
    const auto rows = static_cast<size_t>(offsets_[n + 1] - offsets_[n]);
    packed_.insert(packed_.end(), rows, static_cast<int32_t>(n));
  }
  const auto bytes = static_cast<int64_t>(packed_.size() * sizeof(int32_t));
  if (bytes > on_device_bytes_) {
    on_device_bytes_ = 2 * bytes;
    on_device_ = device.allocate(on_device_bytes_);
  }
  device.upload(on_device_.get(), reinterpret_cast<const std::byte*>(packed_.data()), bytes);
  const auto* base = reinterpret_cast<const int32_t*>(on_device_.get());
  return {.offsets = base + offsets,
          .slots = base + slots,
          .past = base + past,
          .pages = base + pages,
          .ids = base + ids,
          .logit_rows = base + logit_rows,
          .sequence = base + sequence};
}

}  // namespace jet
