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

// Rows of positions [from, to) of the tile that begins at `first`: where they lie if they are
// float32 of whole vectors, else converted into `scratch` (2 kTilePositions padded_width floats).
void place_rows(const TileSource& source, int64_t first, int64_t from, int64_t to, float* scratch,
                KeyValueTile& tile);

// The cached rows of positions [from, to), which the next tile will need.
void look_ahead(const TileSource& source, int64_t from, int64_t to, RowsAhead& ahead);

}  // namespace jet
