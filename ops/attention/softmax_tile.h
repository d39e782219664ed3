// Queries against a tile of keys and values, in SIMD.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.h"

namespace jet {

constexpr int64_t kTilePositions = 64;

// Queries that convert what they read where it lies as fast as from a copy in float32.
constexpr int64_t kFewQueries = 8;

// Keys and values of consecutive positions from `begin` of the tile on, one row after the other at
// a distance of `stride` bytes: rows of `width` numbers, a multiple of 16 and of whole blocks.
struct KeyValueTile {
  const std::byte* keys;
  const std::byte* values;
  int64_t stride;
  int64_t begin;
  int64_t width;
  DType type;  // F32, BF16, F16, Q8_0
};

// Rows to be brought into the second-level cache while a tile is worked on.
struct RowsAhead {
  const std::byte* keys = nullptr;
  const std::byte* values = nullptr;
  int64_t stride = 0;
  int64_t bytes = 0;  // of a row
  int64_t count = 0;
};

// The positions of a tile that a query sees: [begin, end).
struct Visible {
  int32_t begin = 0;
  int32_t end = 0;
};

// Running softmaxes of some queries: what each has seen so far.
struct Softmaxes {
  float* mixed;    // [queries, width] sum of exp(score - largest) v
  float* largest;  // [queries] score
  float* sum;      // [queries] of exp(score - largest)
  int64_t width;

  void clear(int64_t count) const;
  // The same from query i on.
  Softmaxes from(int64_t i) const { return {mixed + i * width, largest + i, sum + i, width}; }
};

// Query i, row i of q [count, width], scaled, takes in the tile's positions visible[i]. What it
// adds, and in which order, depends on the positions alone.
void attend(const float* q, const Softmaxes& softmaxes, const Visible* visible, int64_t count,
            const KeyValueTile& tile, const RowsAhead& ahead);

// `count` totals take in what other positions gave.
void merge(const Softmaxes& totals, const Softmaxes& parts, int64_t count);

}  // namespace jet
