// Queries against a tile of keys and values, in SIMD.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jet {

constexpr int64_t kTilePositions = 64;

// Rows of the keys and values of consecutive positions, each of `width` floats, a multiple of 16.
// Rows that no query sees may be anything.
struct KeyValueTile {
  const float* keys[kTilePositions];
  const float* values[kTilePositions];
  int64_t width;
};

// Rows to be fetched into the cache while a tile is worked on.
struct RowsAhead {
  const std::byte* keys[kTilePositions];
  const std::byte* values[kTilePositions];
  int64_t count = 0;
  int64_t bytes = 0;  // of a row
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
