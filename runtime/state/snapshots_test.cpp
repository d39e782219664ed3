// Snapshots: the longest beginning is found, the least recently used goes, every byte is counted.
#include "runtime/state/snapshots.h"

#include <numeric>

#include <gtest/gtest.h>

namespace jet {
namespace {

std::vector<int32_t> counting(int32_t n) {
  std::vector<int32_t> ids(static_cast<size_t>(n));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

// Slots of 40 bytes, pages of 4 tokens and 16 bytes; one sequence of 40 tokens in slot 0.
class SnapshotsTest : public ::testing::Test {
 protected:
  SnapshotsTest() {
    slot = *pool.acquire();
    EXPECT_TRUE(pool.reserve(slot, 40));
  }
  size_t found(int32_t n) {
    const Snapshot* snapshot = snapshots.find(counting(n), false);
    return snapshot == nullptr ? 0 : snapshot->tokens.size();
  }

  std::vector<StateSpec> layers{{{"k", StateGrowth::PerToken, StateUse::Attention, 0, Shape{1}}},
                                {{"s", StateGrowth::Fixed, StateUse::Recurrence, 1, Shape{10}}}};
  StatePool pool{layers, {.sequences = 5, .context = 40, .page_tokens = 4}};
  Snapshots snapshots{pool, 400, 4};
  int32_t slot = 0;
};

TEST_F(SnapshotsTest, FindsTheLongestProperBeginning) {
  for (const int32_t n : {4, 10, 20}) snapshots.store(slot, counting(n), n % 4 == 0);
  EXPECT_EQ(found(40), 20u);
  EXPECT_EQ(found(20), 10u);  // one token must be left to compute
  EXPECT_EQ(found(4), 0u);
  std::vector<int32_t> other = counting(40);
  other[15] = 99;
  EXPECT_EQ(snapshots.find(other, false)->tokens.size(), 10u);
  EXPECT_EQ(snapshots.find(other, true)->tokens.size(), 4u);
}

TEST_F(SnapshotsTest, CountsSharedPagesOnce) {
  snapshots.store(slot, counting(8), true);   // two pages, shared with the sequence
  snapshots.store(slot, counting(10), true);  // the same two and a copy of the third
  EXPECT_EQ(snapshots.bytes(), 2 * 40 + 3 * 16);
  EXPECT_EQ(snapshots.bytes_alone(), 2 * 40 + 16);
  snapshots.store(slot, counting(10), true);
  EXPECT_EQ(snapshots.size(), 2);
  pool.release(slot);
  EXPECT_EQ(snapshots.bytes_alone(), snapshots.bytes());
  EXPECT_EQ(pool.bytes_in_use(), snapshots.bytes());
  snapshots.clear();
  EXPECT_EQ(pool.bytes_in_use(), 0);
}

TEST_F(SnapshotsTest, DropsTheLeastRecentlyUsedBySlots) {
  for (const int32_t n : {4, 8, 12, 16}) snapshots.store(slot, counting(n), true);
  EXPECT_EQ(found(5), 4u);  // used: 8 is the oldest now
  snapshots.store(slot, counting(20), true);
  EXPECT_EQ(snapshots.size(), 4);
  EXPECT_EQ(found(5), 4u);
  EXPECT_EQ(found(9), 4u);
}

TEST_F(SnapshotsTest, DropsTheLeastRecentlyUsedByBytes) {
  Snapshots small(pool, 40 + 2 * 16 + 39, 4);
  small.store(slot, counting(4), true);
  small.store(slot, counting(8), true);  // would be 40 + 40 + 2 * 16
  EXPECT_EQ(small.size(), 1);
  EXPECT_EQ(small.find(counting(9), false)->tokens.size(), 8u);
  small.store(slot, counting(40), true);  // larger than all that is allowed: changes nothing
  EXPECT_EQ(small.size(), 1);
  small.clear();
}

TEST_F(SnapshotsTest, DropsThoseOfATextThatWentWrong) {
  for (const int32_t n : {4, 8, 12}) snapshots.store(slot, counting(n), true);
  snapshots.drop_beginnings(counting(10), 5);
  EXPECT_EQ(snapshots.size(), 2);
  EXPECT_EQ(found(12), 4u);
  EXPECT_EQ(found(13), 12u);
}

}  // namespace
}  // namespace jet
