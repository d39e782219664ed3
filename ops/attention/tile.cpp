// Rows of a cache of any float type, and of the step, as one block of float32.
#include "ops/attention/tile.h"

#include <algorithm>

#include "core/block_types/block_types.h"

namespace jet {
namespace {

// Row `row` of one group of a tensor [rows, G, d], in float32.
void read_row(const ConstTensorView& tensor, int64_t row, int64_t group, float* to) {
  const int64_t width = tensor.shape[2];
  decode_row(tensor.type,
             tensor.data + (row * tensor.shape[1] + group) * row_bytes(tensor.type, width), width,
             to);
  std::fill(to + width, to + padded_width(width), 0.0f);
}

}  // namespace

void gather(const TileSource& source, int64_t begin, int64_t end, float* to) {
  const int64_t past = source.batch.past[static_cast<size_t>(source.sequence)];
  const int64_t first_row = source.batch.offsets[static_cast<size_t>(source.sequence)];
  for (int64_t p = begin; p < end; ++p, to += padded_width(source.step.shape[2])) {
    if (p >= past) {
      read_row(source.step, first_row + p - past, source.group, to);
    } else {
      const int64_t row = cache_row(source.batch, source.layout, source.window, source.sequence, p);
      read_row(source.cache, row, source.group, to);
    }
  }
}

}  // namespace jet
