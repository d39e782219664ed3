// What the tests of ops share: random inputs, poisoned outputs between sentinels, and a runner with
// threads.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/context.h"
#include "core/error.h"
#include "core/half.h"
#include "core/random.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet::testing {

// A float32 tensor with guard rows before and after; filled with NaN, so that a number that was not
// written shows.
class Guarded {
 public:
  explicit Guarded(const Shape& shape) : shape_(shape) {
    const auto n = static_cast<size_t>(shape.elements());
    values_.assign(n + 2 * kGuard, std::numeric_limits<float>::quiet_NaN());
    for (size_t i = 0; i < kGuard; ++i) values_[i] = values_[kGuard + n + i] = kSentinel;
  }
  TensorView view() { return view_of(values(), shape_); }
  std::span<float> values() {
    return std::span(values_).subspan(kGuard, values_.size() - 2 * kGuard);
  }
  std::span<const float> all() const { return values_; }  // with the guards
  // Fails the test when a number was left unwritten or a guard was touched.
  void check() {
    for (size_t i = 0; i < kGuard; ++i) {
      ASSERT_EQ(values_[i], kSentinel) << "written before the start, at -" << kGuard - i;
      ASSERT_EQ(values_[values_.size() - 1 - i], kSentinel)
          << "written past the end, at +" << kGuard - i;
    }
    for (size_t i = 0; i < values().size(); ++i)
      ASSERT_FALSE(std::isnan(values()[i])) << "not written or NaN at " << i;
  }

  static constexpr size_t kGuard = 64;

 private:
  static constexpr float kSentinel = 12345.678f;
  Shape shape_;
  std::vector<float> values_;
};

inline std::vector<float> normals(int64_t n, uint64_t seed, double deviation = 1.0) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values) value = static_cast<float>(deviation * random.normal());
  return values;
}

// Largest |a - b| / (1 + |b|), for a against a float64 reference.
inline double worst_error(std::span<const float> a, std::span<const double> b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double error = std::abs(a[i] - b[i]) / (1 + std::abs(b[i]));
    if (!(error <= worst)) worst = error;  // NaN stays
  }
  return worst;
}

// Whether two rows of numbers hold the same bits.
inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

// The message of the Error that a call throws; empty when it throws none.
template <typename Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// A context with its own threads and arena.
struct OpContext {
  explicit OpContext(int count = 1) : pool(count) {}
  ThreadPool pool;
  Arena arena;
  Context context{pool, arena};
  std::span<std::byte> workspace(int64_t bytes) {
    std::byte* taken = arena.take(bytes);
    std::memset(taken, 0xff, static_cast<size_t>(bytes));  // NaN
    return {taken, static_cast<size_t>(bytes)};
  }
};

// Owns the arrays of a BatchView: sequences of `lengths` rows with `past` tokens each, in slots 0,
// 1, ... and in pages handed out in a scattered order.
struct OwnedBatch {
  std::vector<int32_t> offsets{0}, slots, past, pages;
  int64_t pages_per_sequence = 0, page_tokens;
  int64_t page_count = 0;

  OwnedBatch(std::vector<int32_t> lengths, std::vector<int32_t> pasts, int64_t tokens_per_page = 4)
      : past(std::move(pasts)), page_tokens(tokens_per_page) {
    for (size_t n = 0; n < lengths.size(); ++n) {
      offsets.push_back(offsets.back() + lengths[n]);
      slots.push_back(static_cast<int32_t>(n));
      const int64_t needed = (past[n] + lengths[n] + page_tokens - 1) / page_tokens;
      if (needed > pages_per_sequence) pages_per_sequence = needed;
    }
    pages.assign(lengths.size() * static_cast<size_t>(pages_per_sequence), -1);
    for (int64_t p = 0; p < pages_per_sequence; ++p) {
      for (size_t n = lengths.size(); n-- > 0;) {
        if (p * page_tokens < past[n] + lengths[n]) {
          pages[n * static_cast<size_t>(pages_per_sequence) + static_cast<size_t>(p)] =
              static_cast<int32_t>(page_count++);
        }
      }
    }
  }
  BatchView view() const { return {offsets, slots, past, pages, pages_per_sequence, page_tokens}; }
};

}  // namespace jet::testing
