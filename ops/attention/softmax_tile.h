// One query against a tile of keys and values, in SIMD.
#pragma once

#include <cstdint>

namespace jet {

// A running softmax: what one head of one row has seen so far.
struct RunningSoftmax {
  const float* q;  // [width], scaled
  float* mixed;    // [width] sum of exp(score - largest) v
  float largest;   // score
  float sum;       // of exp(score - largest)
};

constexpr int64_t kTilePositions = 64;

// At most kTilePositions rows of `width` floats, a multiple of 16.
struct KeyValueTile {
  const float* keys;
  const float* values;
  int64_t width;
};

// Takes in rows [begin, end) of the tile.
void attend(RunningSoftmax& query, const KeyValueTile& tile, int64_t begin, int64_t end);

}  // namespace jet
