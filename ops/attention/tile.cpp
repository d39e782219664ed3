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

// One group's rows of a tensor [rows, G, d], from `row` on.
StoredRows rows_of(const ConstTensorView& tensor, int64_t row, int64_t group, int64_t count) {
  const int64_t bytes = row_bytes(tensor.type, tensor.shape[2]);
  return {tensor.type, tensor.data + (row * tensor.shape[1] + group) * bytes,
          tensor.shape[1] * bytes, count, tensor.shape[2]};
}

}  // namespace

KeyValueTile place_rows(const TileSource& source, int64_t first, int64_t from, int64_t to,
                        int64_t queries, float* scratch) {
  const Attention& args = source.args;
  const int64_t padded = padded_width(args.q.shape[2]);
  const auto rows = [&](const RowRun& run, const ConstTensorView& cache,
                        const ConstTensorView& step) {
    return rows_of(run.is_cached ? cache : step, run.row, source.group, run.count);
  };
  RowRun run = run_from(source, from, to);
  StoredRows keys = rows(run, args.k_cache, source.step.keys);
  StoredRows values = rows(run, args.v_cache, source.step.values);
  const bool is_read_there = keys.type == DType::F32 || queries <= kFewQueries;
  if (run.count == to - from && keys.n == padded && is_read_there)
    return {keys.from, values.from, keys.stride, from - first, padded, keys.type};

  const KeyValueTile tile{reinterpret_cast<const std::byte*>(scratch),
                          reinterpret_cast<const std::byte*>(scratch + kTilePositions * padded),
                          padded * int64_t{sizeof(float)},
                          from - first,
                          padded,
                          DType::F32};
  for (float* to_row = scratch;;) {
    widen(keys, to_row, padded);
    widen(values, to_row + kTilePositions * padded, padded);
    to_row += run.count * padded;
    from += run.count;
    if (from == to) return tile;
    run = run_from(source, from, to);
    keys = rows(run, args.k_cache, source.step.keys);
    values = rows(run, args.v_cache, source.step.values);
  }
}

RowsAhead rows_ahead(const TileSource& source, int64_t from, int64_t to) {
  if (from >= to) return {};
  const RowRun run = run_from(source, from, to);
  if (!run.is_cached) return {};  // was written a moment ago
  const StoredRows keys = rows_of(source.args.k_cache, run.row, source.group, run.count);
  const StoredRows values = rows_of(source.args.v_cache, run.row, source.group, run.count);
  return {keys.from, values.from, keys.stride, row_bytes(keys.type, keys.n), run.count};
}

}  // namespace jet
