// Rows of a cache of any type, and of the step, as a tile of float32.
#include "ops/attention/tile.h"

#include <algorithm>

#include "ops/attention/widen.h"

namespace jet {
namespace {

// Consecutive positions whose rows are neighbours in memory.
struct RowRun {
  bool is_cached;
  int64_t row;  // of the first
  int64_t count;
};

RowRun run_from(const TileSource& source, int64_t from, int64_t to) {
  const Attention& args = source.args;
  const auto n = static_cast<size_t>(source.sequence);
  const int64_t past = args.batch.past[n];
  if (from >= past) return {false, args.batch.offsets[n] + from - past, to - from};
  const int64_t unit = args.layout == CacheLayout::Ring ? args.window : args.batch.page_tokens;
  const int64_t end = std::min({to, past, (from / unit + 1) * unit});
  return {true, cache_row(args.batch, args.layout, args.window, source.sequence, from), end - from};
}

// One group's numbers of a row of a tensor [rows, G, d].
const std::byte* row_of(const ConstTensorView& tensor, int64_t row, int64_t group) {
  return tensor.data + (row * tensor.shape[1] + group) * row_bytes(tensor.type, tensor.shape[2]);
}

// `count` rows of one group, to where they lie or to `scratch`.
void place(const ConstTensorView& tensor, int64_t row, int64_t group, int64_t count, float* scratch,
           const float** to) {
  const int64_t width = tensor.shape[2], padded = padded_width(width);
  const int64_t stride = tensor.shape[1] * row_bytes(tensor.type, width);
  const std::byte* from = row_of(tensor, row, group);
  const bool in_place = tensor.type == DType::F32 && width == padded;
  if (!in_place) widen({tensor.type, from, stride, count, width}, scratch, padded);
  for (int64_t i = 0; i < count; ++i) {
    to[i] = in_place ? reinterpret_cast<const float*>(from + i * stride) : scratch + i * padded;
  }
}

}  // namespace

void place_rows(const TileSource& source, int64_t first, int64_t from, int64_t to, float* scratch,
                KeyValueTile& tile) {
  const Attention& args = source.args;
  float* values = scratch + kTilePositions * tile.width;
  while (from < to) {
    const RowRun run = run_from(source, from, to);
    const int64_t i = from - first;
    place(run.is_cached ? args.k_cache : source.step.keys, run.row, source.group, run.count,
          scratch + i * tile.width, tile.keys + i);
    place(run.is_cached ? args.v_cache : source.step.values, run.row, source.group, run.count,
          values + i * tile.width, tile.values + i);
    from += run.count;
  }
}

void look_ahead(const TileSource& source, int64_t from, int64_t to, RowsAhead& ahead) {
  const Attention& args = source.args;
  ahead.count = 0;
  ahead.bytes = row_bytes(args.k_cache.type, args.q.shape[2]);
  while (from < to) {
    const RowRun run = run_from(source, from, to);
    if (!run.is_cached) return;  // was written a moment ago
    for (int64_t i = 0; i < run.count; ++i, ++ahead.count) {
      ahead.keys[ahead.count] = row_of(args.k_cache, run.row + i, source.group);
      ahead.values[ahead.count] = row_of(args.v_cache, run.row + i, source.group);
    }
    from += run.count;
  }
}

}  // namespace jet
