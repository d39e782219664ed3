// Scratch memory: alignment, reuse, scopes, and memory that is not there.
#include "core/arena.h"

#include <cstring>

#include <gtest/gtest.h>

#include "core/error.h"

namespace jet {
namespace {

TEST(Arena, TakesAlignedBytesThatDoNotOverlap) {
  Arena arena;
  std::byte* before = nullptr;
  for (const int64_t bytes : {1, 64, 65, 1000, 3 << 20, 1}) {
    std::byte* taken = arena.take(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(taken) % 64, 0u);
    EXPECT_NE(taken, before);
    std::memset(taken, 0xff, static_cast<size_t>(bytes));
    before = taken;
  }
}

TEST(Arena, ScopesGiveBackAndARepeatedStepAllocatesNothing) {
  Arena arena;
  std::byte* first = nullptr;
  int64_t reserved = 0;
  for (int step = 0; step < 3; ++step) {
    const Arena::Scope scope(arena);
    std::byte* taken = arena.take(100);
    {
      const Arena::Scope inner(arena);
      arena.take(5 << 20);
    }
    EXPECT_EQ(arena.take(1), taken + 128);
    if (step == 0) {
      first = taken;
      reserved = arena.reserved_bytes();
    }
    EXPECT_EQ(taken, first);
    EXPECT_EQ(arena.reserved_bytes(), reserved);
  }
}

TEST(Arena, TensorsHaveTheirShape) {
  Arena arena;
  const TensorView tensor = arena.tensor({3, 64}, DType::Q8_0);
  EXPECT_EQ(tensor.bytes(), 3 * 68);
  EXPECT_EQ(tensor.shape, (Shape{3, 64}));
  EXPECT_EQ(arena.take(1), tensor.data + 256);
}

TEST(Arena, ExhaustedMemoryIsAnError) {
  Arena arena;
  EXPECT_THROW(arena.take(int64_t{1} << 60), Error);
  EXPECT_NE(arena.take(100), nullptr);
}

}  // namespace
}  // namespace jet
