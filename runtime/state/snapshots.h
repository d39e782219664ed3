// States kept from earlier prompts and answers, by the tokens they have consumed: a sequence that
// begins with the same tokens goes on from there.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "runtime/state/state_pool.h"

namespace jet {

struct Snapshot {
  int32_t slot = -1;  // of the pool; no sequence runs in it
  std::vector<int32_t> tokens;
  bool is_exact = false;  // whoever goes on from it gets the bits of a cold start on every path
  std::string salt;
};

// Holds at most `limit` bytes; the least recently used goes first. A page that several snapshots
// share counts once.
class Snapshots {
 public:
  // Makes no use of more than `slots` slots of the pool, which must outlive it.
  Snapshots(StatePool& pool, int64_t limit, int64_t slots);

  // Keeps what `slot` holds after exactly these tokens, for requests of the same salt; nothing when
  // it is too large.
  void store(int32_t slot, std::span<const int32_t> tokens, bool is_exact,
             const std::string& salt = {});
  // Keeps the slot itself, which holds what a sequence has after exactly these tokens. False, and
  // the slot stays the caller's, when it is too large.
  bool adopt(int32_t slot, std::span<const int32_t> tokens, const std::string& salt = {});
  // The longest one of the salt that has consumed the beginning of `tokens` but not all of them;
  // null: none. Valid until the next change. Cost: tokens compared with each snapshot.
  const Snapshot* find(std::span<const int32_t> tokens, bool exact_only,
                       const std::string& salt = {});
  // The same, also of all of them.
  const Snapshot* find_consumed(std::span<const int32_t> tokens, const std::string& salt = {});
  // False: there is none besides `kept` (null: any may go).
  bool drop_oldest(const Snapshot* kept = nullptr);
  // Those of the salt that have consumed exactly a beginning of `tokens` of at least `shortest`
  // tokens.
  void drop_beginnings(std::span<const int32_t> tokens, int64_t shortest,
                       const std::string& salt = {});
  void clear();

  bool may_hold(int64_t tokens) const;  // alone, with all others dropped
  int64_t size() const { return static_cast<int64_t>(list_.size()); }
  int64_t bytes() const;
  int64_t bytes_alone() const;  // without pages that sequences use as well: what clear() frees

 private:
  using Iterator = std::list<Snapshot>::iterator;
  const Snapshot* longest(std::span<const int32_t> tokens, size_t most, bool exact_only,
                          const std::string& salt);
  bool refresh(std::span<const int32_t> tokens, bool is_exact, const std::string& salt);
  void keep(std::list<Snapshot> made);
  Iterator drop(Iterator snapshot);

  StatePool& pool_;
  int64_t limit_;
  int64_t slots_;
  std::list<Snapshot> list_;          // the least recently used first
  std::map<int32_t, int32_t> pages_;  // how many snapshots share each
};

}  // namespace jet
