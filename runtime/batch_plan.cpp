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

BatchView BatchPlan::view() {
  size_t longest = 0;
  for (const auto& pages : page_lists_) longest = std::max(longest, pages.size());
  pages_.assign(longest * page_lists_.size(), -1);
  for (size_t n = 0; n < page_lists_.size(); ++n)
    std::ranges::copy(page_lists_[n], pages_.begin() + static_cast<int64_t>(n * longest));
  return {offsets_, slots_, past_, pages_, static_cast<int64_t>(longest), page_tokens_};
}

}  // namespace jet
