// Where the keys and values of one sequence and group lie, and tiles of them in float32.
#pragma once

#include <cstdint>

#include "ops/attention/attention.h"
#include "ops/attention/softmax_tile.h"

namespace jet {

// Numbers of a row of a tile: the head's, and zeros up to a multiple of any vector.
inline int64_t padded_width(int64_t head_dim) { return (head_dim + 15) / 16 * 16; }

// The step's own rows as the cache will hold them: [T, G, d] of the cache's type. What a position
// adds must not depend on whether it came in this step or an earlier one.
struct StepRows {
  ConstTensorView keys;
  ConstTensorView values;
};

struct TileSource {
  const Attention& args;
  const StepRows& step;
  int64_t sequence;
  int64_t group;
};

// Rows of positions [from, to) of the tile that begins at `first`, for `queries` queries: where
// they lie if they stand in whole vectors at one distance and are float32 or few queries read them;
// else converted into `scratch` (2 kTilePositions padded_width floats).
KeyValueTile place_rows(const TileSource& source, int64_t first, int64_t from, int64_t to,
                        int64_t queries, float* scratch);

// The cached rows of positions [from, to), as far as they stand together.
RowsAhead rows_ahead(const TileSource& source, int64_t from, int64_t to);

}  // namespace jet
