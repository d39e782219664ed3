// The keys or values of some positions of one sequence and group, gathered from where they lie.
#pragma once

#include <cstdint>

#include "core/tensor.h"
#include "ops/attention/attention.h"

namespace jet {

// Numbers of a row of a tile: the head's, and zeros up to a multiple of any vector.
inline int64_t padded_width(int64_t head_dim) { return (head_dim + 15) / 16 * 16; }

// Where the numbers of one group's positions come from.
struct TileSource {
  const BatchView& batch;
  CacheLayout layout;
  int64_t window;
  int64_t sequence;
  int64_t group;
  ConstTensorView cache;  // positions before the step
  ConstTensorView step;   // [T, G, d] float32, the others
};

// to[p - begin] = the row of position p in float32, padded with zeros, for p in [begin, end).
void gather(const TileSource& source, int64_t begin, int64_t end, float* to);

}  // namespace jet
