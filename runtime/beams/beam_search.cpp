#include "runtime/beams/beam_search.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace jet {
namespace {

// The k best of what is offered, in a heap whose front is the worst of them.
template <typename T, typename Better>
class Best {
 public:
  Best(size_t k, Better better) : k_(k), better_(better) {}

  void offer(const T& item) {
    if (heap_.size() == k_ && !better_(item, heap_.front())) return;
    if (heap_.size() == k_) {
      std::ranges::pop_heap(heap_, better_);
      heap_.pop_back();
    }
    heap_.push_back(item);
    std::ranges::push_heap(heap_, better_);
  }
  std::vector<T> sorted() {
    std::ranges::sort_heap(heap_, better_);
    return std::move(heap_);
  }

 private:
  size_t k_;
  Better better_;
  std::vector<T> heap_;
};

}  // namespace

BeamSearch::BeamSearch(const BeamOptions& options, const Sampling& sampling, int64_t most_tokens,
                       size_t end_tokens)
    : options_(options), sampling_(sampling), most_tokens_(most_tokens), end_tokens_(end_tokens) {}

void BeamSearch::advance(std::span<const std::span<const float>> rows, int64_t position,
                         const Ends& ends) {
  JET_CHECK(rows.size() == running_.size() && !done_);
  const auto beams = static_cast<size_t>(options_.beams);
  const std::vector<Continuation> candidates = choose_candidates(rows, position);
  if (candidates.empty()) fail("every token is forbidden at position {}; allow one", position);

  const auto length = static_cast<int64_t>(running_.front().ids.size()) + 1;
  const double norm = std::pow(static_cast<double>(length), options_.length_penalty);
  std::vector<Beam> next;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Continuation& candidate = candidates[i];
    Beam beam{running_[candidate.parent].ids, candidate.log_probability, candidate.parent};
    beam.ids.push_back(candidate.token);
    const bool at_end = ends(beam.ids);
    if (!at_end && length < most_tokens_) {
      next.push_back(std::move(beam));
    } else if (i < beams) {
      keep_finished({std::move(beam.ids), candidate.log_probability / norm, at_end});
    }
  }
  std::ranges::stable_sort(next, std::greater{}, &Beam::log_probability);
  next.resize(std::min(next.size(), beams));
  running_ = std::move(next);
  const bool is_full = finished_.size() == beams;
  done_ = running_.empty() || (is_full && options_.early_stopping == EarlyStopping::Yes) ||
          !can_improve(length);
}

// The best continuations of all beams, best first; or as many draws without replacement, in order:
// adding a Gumbel number to each log-probability and taking the largest draws so.
std::vector<BeamSearch::Continuation> BeamSearch::choose_candidates(
    std::span<const std::span<const float>> rows, int64_t position) {
  const auto better = [](const Continuation& a, const Continuation& b) {
    if (a.key != b.key) return a.key > b.key;
    return a.parent != b.parent ? a.parent < b.parent : a.token < b.token;
  };
  const size_t wanted = std::max(size_t{2}, 1 + end_tokens_) * static_cast<size_t>(options_.beams);
  Best<Continuation, decltype(better)> best(wanted, better);
  Random random(sampling_.seed, static_cast<uint64_t>(position));
  for (size_t parent = 0; parent < rows.size(); ++parent) {
    const double before = running_[parent].log_probability;
    if (sampling_.temperature == 0) {
      for (size_t id = 0; id < rows[parent].size(); ++id) {
        const double sum = before + static_cast<double>(rows[parent][id]);
        if (std::isfinite(sum)) best.offer({sum, sum, parent, static_cast<int32_t>(id)});
      }
      continue;
    }
    filter(sampling_, rows[parent], end_tokens_ + 1, filtered_);
    for (const Candidate& each : filtered_) {
      const double sum = before + static_cast<double>(each.score);
      const double gumbel = -std::log(-std::log1p(-random.uniform()));  // uniform() may be 0, not 1
      best.offer({sum + gumbel, sum, parent, each.id});
    }
  }
  return best.sorted();
}

void BeamSearch::keep_finished(Finished hypothesis) {
  const auto place =
      std::ranges::upper_bound(finished_, hypothesis.score, std::greater{}, &Finished::score);
  finished_.insert(place, std::move(hypothesis));
  if (finished_.size() > static_cast<size_t>(options_.beams)) finished_.pop_back();
}

// Can the best running beam still be better than the worst finished one?
bool BeamSearch::can_improve(int64_t length) const {
  if (running_.empty()) return false;
  if (finished_.size() < static_cast<size_t>(options_.beams)) return true;
  const bool may_grow =
      options_.early_stopping == EarlyStopping::Never && options_.length_penalty > 0;
  const auto longest = static_cast<double>(may_grow ? most_tokens_ : length);
  const double hope = running_.front().log_probability / std::pow(longest, options_.length_penalty);
  return hope > finished_.back().score;
}

}  // namespace jet
