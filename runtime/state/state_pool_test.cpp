// The state pool: shapes of its parts, slots and pages given and taken back, bytes accounted
// exactly.
#include "runtime/state/state_pool.h"

#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include <jet/error.h>

namespace jet {
namespace {

// One layer of each growth: 2 x 3 numbers a token, a ring of 5 rows, a matrix.
std::vector<StateSpec> layers() {
  return {{{"k", StateGrowth::PerToken, StateUse::Attention, 0, Shape{2, 3}}},
          {{"k", StateGrowth::Ring, StateUse::Attention, 5, Shape{2, 3}}},
          {{"recurrent", StateGrowth::Fixed, StateUse::Recurrence, 4, Shape{7, 6}},
           {"conv", StateGrowth::Fixed, StateUse::Convolution, 3, Shape{8}}}};
}

StatePoolOptions options() { return {.sequences = 3, .context = 100, .page_tokens = 16}; }

TEST(StatePool, LaysPartsOutByTheirGrowth) {
  const StatePool pool(layers(), options());
  EXPECT_EQ(pool.options().pages, 3 * 7);
  EXPECT_EQ(pool.states()[0][0].shape, (Shape{3 * 7 * 16, 2, 3}));
  EXPECT_EQ(pool.states()[1][0].shape, (Shape{3 * 5, 2, 3}));
  EXPECT_EQ(pool.states()[2][0].shape, (Shape{3, 4, 7, 6}));
  EXPECT_EQ(pool.states()[2][1].shape, (Shape{3, 3, 8}));
}

TEST(StatePool, PartsDoNotOverlap) {
  const StatePool pool(layers(), options());
  std::set<const std::byte*> ends;
  const std::byte* last = nullptr;
  for (const auto& layer : pool.states()) {
    for (const TensorView& part : layer) {
      EXPECT_GE(part.data, last);
      last = part.data + part.bytes();
    }
  }
}

TEST(StatePool, AccountsEveryByte) {
  StatePool pool(layers(), options());
  EXPECT_EQ(pool.slot_bytes(), 4 * (5 * 6 + 4 * 42 + 3 * 8));
  EXPECT_EQ(pool.page_bytes(), 4 * 16 * 6);
  EXPECT_EQ(pool.bytes_in_use(), 0);
  const auto slot = pool.acquire();
  ASSERT_TRUE(slot.has_value());
  EXPECT_EQ(pool.bytes_in_use(), pool.slot_bytes());
  EXPECT_TRUE(pool.reserve(*slot, 17));
  EXPECT_EQ(pool.bytes_in_use(), pool.slot_bytes() + 2 * pool.page_bytes());
  EXPECT_TRUE(pool.reserve(*slot, 20));  // the second page has room
  EXPECT_EQ(pool.bytes_in_use(), pool.slot_bytes() + 2 * pool.page_bytes());
  pool.release(*slot);
  EXPECT_EQ(pool.bytes_in_use(), 0);
}

TEST(StatePool, GivesEachSequenceItsOwnPagesUntilNoneAreLeft) {
  StatePoolOptions few = options();
  few.pages = 4;
  StatePool pool(layers(), few);
  const auto a = pool.acquire();
  const auto b = pool.acquire();
  EXPECT_TRUE(pool.reserve(*a, 33));
  EXPECT_FALSE(pool.reserve(*b, 17));
  EXPECT_EQ(pool.free_pages(), 1);  // a refusal changes nothing
  EXPECT_TRUE(pool.reserve(*b, 16));
  std::set<int32_t> pages(pool.pages(*a).begin(), pool.pages(*a).end());
  pages.insert(pool.pages(*b).begin(), pool.pages(*b).end());
  EXPECT_EQ(pages.size(), 4u);
}

TEST(StatePool, HandsOutEverySlotOnce) {
  StatePool pool(layers(), options());
  std::set<int32_t> slots;
  for (int i = 0; i < 3; ++i) slots.insert(pool.acquire().value());
  EXPECT_EQ(slots, (std::set<int32_t>{0, 1, 2}));
  EXPECT_FALSE(pool.acquire().has_value());
  pool.release(1);
  EXPECT_EQ(pool.acquire(), 1);
}

TEST(StatePool, ModelsWithoutGrowingPartsNeedNoPages) {
  const std::vector<StateSpec> fixed{layers()[2]};
  StatePool pool(fixed, {.sequences = 1, .context = int64_t{1} << 30});
  const auto slot = pool.acquire();
  EXPECT_TRUE(pool.reserve(*slot, int64_t{1} << 30));
  EXPECT_EQ(pool.bytes_in_use(), pool.slot_bytes());
}

// Writes `value` into every byte of a slot's fixed part and ring, and of position p of its pages.
void write(StatePool& pool, int32_t slot, int64_t p, int value) {
  const LayerStates& states = pool.states();
  std::memset(states[1][0].f32() + slot * 5 * 6, value, 4 * 5 * 6);
  std::memset(states[2][0].f32() + slot * 4 * 42, value, 4 * 4 * 42);
  const int64_t row = pool.pages(slot)[static_cast<size_t>(p / 16)] * 16 + p % 16;
  std::memset(states[0][0].f32() + row * 6, value, 4 * 6);
}

// The first byte of each of them.
std::vector<int> read(const StatePool& pool, int32_t slot, int64_t p) {
  const LayerStates& states = pool.states();
  const int64_t row = pool.pages(slot)[static_cast<size_t>(p / 16)] * 16 + p % 16;
  return {static_cast<int>(states[1][0].data[slot * 4 * 5 * 6]),
          static_cast<int>(states[2][0].data[slot * 4 * 4 * 42]),
          static_cast<int>(states[0][0].data[row * 4 * 6])};
}

TEST(StatePool, AForkSharesFullPagesAndCopiesWhatMayBeWritten) {
  StatePool pool(layers(), options());
  const int32_t slot = *pool.acquire();
  ASSERT_TRUE(pool.reserve(slot, 40));
  write(pool, slot, 33, 7);
  const int32_t fork = pool.fork(slot, 34).value();
  EXPECT_EQ(pool.pages(fork)[0], pool.pages(slot)[0]);
  EXPECT_EQ(pool.pages(fork)[1], pool.pages(slot)[1]);
  EXPECT_NE(pool.pages(fork)[2], pool.pages(slot)[2]);
  EXPECT_EQ(pool.users(pool.pages(slot)[0]), 2);
  EXPECT_EQ(pool.bytes_in_use(), 2 * pool.slot_bytes() + 4 * pool.page_bytes());
  write(pool, fork, 34, 9);
  write(pool, slot, 34, 8);
  EXPECT_EQ(read(pool, fork, 33), (std::vector<int>{9, 9, 7}));
  EXPECT_EQ(read(pool, fork, 34), (std::vector<int>{9, 9, 9}));
  EXPECT_EQ(read(pool, slot, 34), (std::vector<int>{8, 8, 8}));

  pool.release(slot);  // the shared pages stay with the fork
  EXPECT_EQ(pool.bytes_in_use(), pool.slot_bytes() + 3 * pool.page_bytes());
  EXPECT_EQ(read(pool, fork, 33), (std::vector<int>{9, 9, 7}));
  pool.release(fork);
  EXPECT_EQ(pool.bytes_in_use(), 0);
  EXPECT_EQ(pool.free_pages(), pool.options().pages);
}

TEST(StatePool, ACopyIntoASlotKeepsItsOwnPagesForWhatComes) {
  StatePool pool(layers(), options());
  const int32_t from = *pool.acquire();
  const int32_t to = *pool.acquire();
  ASSERT_TRUE(pool.reserve(from, 64));
  ASSERT_TRUE(pool.reserve(to, 20, 64));  // none for the first page
  EXPECT_EQ(pool.pages(to)[0], -1);
  const std::vector<int32_t> own(pool.pages(to).begin(), pool.pages(to).end());
  const int64_t free_pages = pool.free_pages();
  ASSERT_TRUE(pool.copy(from, to, 20));
  EXPECT_EQ(pool.free_pages(), free_pages);
  EXPECT_EQ(pool.pages(to)[0], pool.pages(from)[0]);
  EXPECT_EQ(pool.pages(to)[1], own[1]);
  ASSERT_TRUE(pool.copy(from, to, 50));  // two more pages are shared, its own come back
  EXPECT_EQ(pool.free_pages(), free_pages + 2);
  EXPECT_EQ(pool.pages(to)[3], own[3]);
}

TEST(StatePool, GivesNoMoreThanTheBudget) {
  StatePoolOptions few = options();
  few.budget = 4 * (5 * 6 + 4 * 42 + 3 * 8) + 2 * 4 * 16 * 6;
  StatePool pool(layers(), few);
  const int32_t slot = *pool.acquire();
  EXPECT_FALSE(pool.acquire().has_value());
  EXPECT_FALSE(pool.reserve(slot, 33));
  EXPECT_TRUE(pool.reserve(slot, 32));
  EXPECT_EQ(pool.bytes_in_use(), few.budget);
  EXPECT_FALSE(pool.fork(slot, 32).has_value());
  pool.trim(slot, 16);
  EXPECT_EQ(pool.bytes_in_use(), few.budget - pool.page_bytes());
}

TEST(StatePool, RefusesSizesOutOfRange) {
  EXPECT_THROW(StatePool(layers(), {.sequences = 0, .context = 1}), Error);
  EXPECT_THROW(StatePool(layers(), {.sequences = 1, .context = 0}), Error);
  EXPECT_THROW(StatePool(layers(), {.sequences = 1 << 20, .context = 1 << 30, .page_tokens = 1}),
               Error);
}

}  // namespace
}  // namespace jet
