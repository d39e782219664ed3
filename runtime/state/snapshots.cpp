#include "runtime/state/snapshots.h"

#include <algorithm>

namespace jet {
namespace {

bool begins_with(std::span<const int32_t> tokens, std::span<const int32_t> beginning) {
  return beginning.size() <= tokens.size() &&
         std::ranges::equal(tokens.first(beginning.size()), beginning);
}

}  // namespace

Snapshots::Snapshots(StatePool& pool, int64_t limit, int64_t slots)
    : pool_(pool), limit_(limit), slots_(slots) {}

void Snapshots::store(int32_t slot, std::span<const int32_t> tokens, bool is_exact,
                      const std::string& salt) {
  if (refresh(tokens, is_exact, salt)) return;
  const auto count = static_cast<int64_t>(tokens.size());
  if (!may_hold(count)) return;
  std::list<Snapshot> made;  // what takes memory comes first
  made.push_back({-1, {tokens.begin(), tokens.end()}, is_exact, salt});
  while (size() >= slots_) drop_oldest();
  auto copy = pool_.fork(slot, count);
  while (!copy && drop_oldest()) copy = pool_.fork(slot, count);
  if (!copy) return;
  made.front().slot = *copy;
  try {
    keep(std::move(made));
  } catch (...) {
    pool_.release(*copy);
    throw;
  }
}

bool Snapshots::adopt(int32_t slot, std::span<const int32_t> tokens, const std::string& salt) {
  if (refresh(tokens, false, salt)) {
    pool_.release(slot);
    return true;
  }
  if (!may_hold(static_cast<int64_t>(tokens.size()))) return false;
  std::list<Snapshot> made;
  made.push_back({slot, {tokens.begin(), tokens.end()}, false, salt});
  while (size() >= slots_) drop_oldest();
  keep(std::move(made));
  return true;
}

// The one that is there becomes the latest; false: there is none.
bool Snapshots::refresh(std::span<const int32_t> tokens, bool is_exact, const std::string& salt) {
  const auto same = [&](const Snapshot& each) {
    return each.salt == salt && std::ranges::equal(each.tokens, tokens);
  };
  const auto known = std::ranges::find_if(list_, same);
  if (known == list_.end()) return false;
  known->is_exact = known->is_exact || is_exact;
  list_.splice(list_.end(), list_, known);
  return true;
}

bool Snapshots::may_hold(int64_t tokens) const {
  const int64_t most = pool_.slot_bytes() + pool_.pages_for(tokens) * pool_.page_bytes();
  return slots_ > 0 && most <= limit_;
}

// One, whose slot is then the list's; throws, and takes nothing, where memory is short.
void Snapshots::keep(std::list<Snapshot> made) {
  const std::span<const int32_t> pages = pool_.pages(made.front().slot);
  try {
    for (const int32_t page : pages) pages_.try_emplace(page, 0);
  } catch (...) {
    std::erase_if(pages_, [](const auto& page) { return page.second == 0; });
    throw;
  }
  for (const int32_t page : pages) ++pages_[page];
  list_.splice(list_.end(), made);
  while (bytes() > limit_) drop_oldest(&list_.back());
}

const Snapshot* Snapshots::find(std::span<const int32_t> tokens, bool exact_only,
                                const std::string& salt) {
  return tokens.empty() ? nullptr : longest(tokens, tokens.size() - 1, exact_only, salt);
}

const Snapshot* Snapshots::find_consumed(std::span<const int32_t> tokens, const std::string& salt) {
  return longest(tokens, tokens.size(), false, salt);
}

// Of at most so many tokens.
const Snapshot* Snapshots::longest(std::span<const int32_t> tokens, size_t most, bool exact_only,
                                   const std::string& salt) {
  auto best = list_.end();
  for (auto each = list_.begin(); each != list_.end(); ++each) {
    if (each->tokens.size() > most || (exact_only && !each->is_exact)) continue;
    if (each->salt != salt) continue;
    if (best != list_.end() && each->tokens.size() <= best->tokens.size()) continue;
    if (begins_with(tokens, each->tokens)) best = each;
  }
  if (best == list_.end()) return nullptr;
  list_.splice(list_.end(), list_, best);
  return &list_.back();
}

bool Snapshots::drop_oldest(const Snapshot* kept) {
  for (auto each = list_.begin(); each != list_.end(); ++each) {
    if (&*each == kept) continue;
    drop(each);
    return true;
  }
  return false;
}

void Snapshots::drop_beginnings(std::span<const int32_t> tokens, int64_t shortest,
                                const std::string& salt) {
  for (auto each = list_.begin(); each != list_.end();) {
    const bool is_old = static_cast<int64_t>(each->tokens.size()) < shortest;
    each = is_old || each->salt != salt || !begins_with(tokens, each->tokens) ? std::next(each)
                                                                              : drop(each);
  }
}

void Snapshots::clear() {
  while (drop_oldest()) {
  }
}

int64_t Snapshots::bytes() const {
  return size() * pool_.slot_bytes() + static_cast<int64_t>(pages_.size()) * pool_.page_bytes();
}

int64_t Snapshots::bytes_alone() const {
  int64_t pages = 0;
  for (const auto& [page, count] : pages_) pages += pool_.users(page) == count ? 1 : 0;
  return size() * pool_.slot_bytes() + pages * pool_.page_bytes();
}

Snapshots::Iterator Snapshots::drop(Iterator snapshot) {
  for (const int32_t page : pool_.pages(snapshot->slot)) {
    const auto shared = pages_.find(page);
    if (--shared->second == 0) pages_.erase(shared);
  }
  pool_.release(snapshot->slot);
  return list_.erase(snapshot);
}

}  // namespace jet
