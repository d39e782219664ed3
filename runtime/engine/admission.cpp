// Which requests may run: each takes its slots, and pages for all that it may become, before its
// first step, so that none ever has to give way.
#include <algorithm>

#include "core/checked.h"
#include "runtime/engine/impl.h"

namespace jet {

// Of one answer; its last token is never consumed.
int64_t Engine::Impl::most_tokens(int64_t prompt_end, const Request& request) const {
  return std::min(request.max_tokens, options_.context_length + 1 - prompt_end);
}

// All sequences share the pages that the prompt fills.
int64_t Engine::Impl::bytes_needed(int64_t prompt_end, const Request& request) const {
  const int64_t width = std::max(request.answers, request.beams.beams);
  const int64_t longest =
      std::min(prompt_end + most_tokens(prompt_end, request), options_.context_length);
  const int64_t pages = pool_.pages_for(longest);
  const int64_t shared = std::min(pages, prompt_end / pool_.options().page_tokens);
  const int64_t all_pages = checked_add(pages, checked_mul(width - 1, pages - shared));
  return checked_add(checked_mul(width, pool_.slot_bytes()),
                     checked_mul(all_pages, pool_.page_bytes()));
}

int64_t Engine::Impl::free_places() const {
  const int64_t taken = pool_.options().sequences - pool_.free_slots() - snapshots_.size();
  return options_.max_sequences - taken;
}

// False: wait until others have finished. Snapshots go only if that is enough.
bool Engine::Impl::admit(Job& job) {
  const Sequence& first = job.sequences.front();
  const bool has_slot = first.slot >= 0;
  if (!has_slot && job.width() > free_places()) return false;
  int64_t others = pool_.bytes_in_use() - snapshots_.bytes_alone();
  if (has_slot) {
    const auto pages = static_cast<int64_t>(pool_.pages(first.slot).size());
    others -= pool_.slot_bytes() + pages * pool_.page_bytes();
  }
  const int64_t before = first.computed;
  const bool may_fit = others + bytes_needed(job.prompt_end, job.request) <= pool_.budget();
  const bool may_reuse = first.computed == 0 && !job.request.prompt_log_probabilities;
  const Snapshot* start =
      may_reuse ? snapshots_.find(first.tokens, options_.exact_reuse, job.request.cache_salt)
                : nullptr;
  while (!take_place(job, start)) {
    if (!may_fit) return false;
    if (snapshots_.drop_oldest(start)) continue;
    if (start == nullptr) return false;
    start = nullptr;  // it goes as well
  }
  job.sequences.front().reserve(job.prompt_end, most_tokens(job.prompt_end, job.request));
  job.admitted_at = engine_clock();
  job.output.cached_tokens = first.computed;
  stats_.cached += first.computed - before;
  if (job.request.max_tokens == 0) finish(job, FinishReason::Length);
  return true;
}

// False, and no change, when too little is left.
bool Engine::Impl::take_place(Job& job, const Snapshot* start) {
  Sequence& first = job.sequences.front();
  job.spare.reserve(static_cast<size_t>(job.width()));
  const int64_t longest =
      std::min(job.prompt_end + most_tokens(job.prompt_end, job.request), options_.context_length);
  const bool has_slot = first.slot >= 0;
  if (start != nullptr) {
    const auto tokens = static_cast<int64_t>(start->tokens.size());
    if (!has_slot) {
      first.slot = pool_.fork(start->slot, tokens).value_or(-1);
      if (first.slot < 0) return false;
    } else if (!pool_.copy(start->slot, first.slot, tokens)) {
      return false;
    }
  } else if (!has_slot) {
    first.slot = pool_.acquire().value_or(-1);
    if (first.slot < 0) return false;
  }
  bool has_all = pool_.reserve(first.slot, longest);
  while (has_all && static_cast<int64_t>(job.spare.size()) + 1 < job.width()) {
    const auto slot = pool_.acquire();
    if (slot) job.spare.push_back(*slot);
    has_all = slot && pool_.reserve(*slot, job.prompt_end, longest);
  }
  if (has_all && start != nullptr) {
    first.computed = static_cast<int64_t>(start->tokens.size());
    job.is_cold = start->is_exact;
  }
  if (has_all) return true;
  for (const int32_t slot : job.spare) pool_.release(slot);
  job.spare.clear();
  if (!has_slot) {
    pool_.release(first.slot);
    first.slot = -1;
  }
  return false;
}

}  // namespace jet
