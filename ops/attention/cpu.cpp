// attention on the CPU: a running softmax over tiles of positions (Milakov & Gimelshein 2018, arXiv
// 1805.02867; Dao et al. 2022, arXiv 2205.14135). A tile begins at a multiple of its length, so the
// order of operations of a row depends on its position alone, not on where the step began.
#include <algorithm>
#include <atomic>
#include <limits>

#include "ops/attention/kernels.h"
#include "ops/attention/softmax_tile.h"
#include "ops/attention/tile.h"

namespace jet {
namespace {

constexpr int64_t kRows = 16;  // that share a tile's keys and values

// The work of one thread at a time: some consecutive rows of one sequence, all heads of one group.
struct Unit {
  int64_t sequence;
  int64_t group;
  int64_t first;     // row of the step
  int64_t rows;      // at most kRows
  int64_t position;  // of the first row
};

// Walks the units in ascending order.
class Units {
 public:
  explicit Units(const Attention& args) : batch_(args.batch), groups_(args.k.shape[1]) {}

  int64_t of(int64_t sequence) const { return (rows(sequence) + kRows - 1) / kRows * groups_; }
  int64_t count() const {
    int64_t total = 0;
    for (int64_t n = 0; n < batch_.sequences(); ++n) total += of(n);
    return total;
  }
  Unit operator[](int64_t index) {
    while (index >= before_ + of(sequence_)) before_ += of(sequence_++);
    const int64_t start = (index - before_) / groups_ * kRows;
    const auto n = static_cast<size_t>(sequence_);
    return {.sequence = sequence_,
            .group = (index - before_) % groups_,
            .first = batch_.offsets[n] + start,
            .rows = std::min(kRows, rows(sequence_) - start),
            .position = batch_.past[n] + start};
  }

 private:
  int64_t rows(int64_t sequence) const {
    const auto n = static_cast<size_t>(sequence);
    return batch_.offsets[n + 1] - batch_.offsets[n];
  }

  const BatchView& batch_;
  int64_t groups_;
  int64_t sequence_ = 0;
  int64_t before_ = 0;  // units of earlier sequences
};

// What a thread works with.
struct Scratch {
  float* keys;    // [kTilePositions, padded]
  float* values;  // [kTilePositions, padded]
  float* q;       // [queries, padded]
  float* mixed;   // [queries, padded]
  RunningSoftmax* queries;

  Scratch(std::byte* memory, int64_t count, int64_t padded)
      : keys(reinterpret_cast<float*>(memory)),
        values(keys + kTilePositions * padded),
        q(values + kTilePositions * padded),
        mixed(q + count * padded),
        queries(reinterpret_cast<RunningSoftmax*>(mixed + count * padded)) {}
  static int64_t bytes(int64_t count, int64_t padded) {
    return (2 * kTilePositions + 2 * count) * padded * int64_t{sizeof(float)} +
           (count * int64_t{sizeof(RunningSoftmax)} + 63) / 64 * 64;
  }
};

int64_t heads_per_group(const Attention& args) { return args.q.shape[1] / args.k.shape[1]; }

int64_t first_visible(const Attention& args, int64_t position) {
  return args.window == 0 ? 0 : std::max<int64_t>(0, position - args.window + 1);
}

void start(const Attention& args, const Unit& unit, const Scratch& scratch, int64_t padded) {
  const int64_t heads = args.q.shape[1], width = args.q.shape[2], shared = heads_per_group(args);
  for (int64_t i = 0; i < unit.rows * shared; ++i) {
    const int64_t row = unit.first + i / shared, head = unit.group * shared + i % shared;
    const float* from = args.q.f32() + (row * heads + head) * width;
    float* q = scratch.q + i * padded;
    for (int64_t c = 0; c < width; ++c) q[c] = from[c] * args.scale;
    std::fill(q + width, q + padded, 0.0f);
    std::fill_n(scratch.mixed + i * padded, padded, 0.0f);
    scratch.queries[i] = {.q = q,
                          .mixed = scratch.mixed + i * padded,
                          .largest = -std::numeric_limits<float>::infinity(),
                          .sum = 0};
  }
}

void finish(const Attention& args, const Unit& unit, const Scratch& scratch) {
  const int64_t heads = args.q.shape[1], width = args.q.shape[2], shared = heads_per_group(args);
  for (int64_t i = 0; i < unit.rows * shared; ++i) {
    const int64_t row = unit.first + i / shared, head = unit.group * shared + i % shared;
    const RunningSoftmax& query = scratch.queries[i];
    float* y = args.y.f32() + (row * heads + head) * width;
    for (int64_t c = 0; c < width; ++c) y[c] = query.mixed[c] / query.sum;
  }
}

void run(const Attention& args, const Unit& unit, const Scratch& scratch) {
  const int64_t padded = padded_width(args.q.shape[2]), shared = heads_per_group(args);
  start(args, unit, scratch, padded);
  TileSource keys{args.batch, args.layout,  args.window, unit.sequence,
                  unit.group, args.k_cache, args.k};
  TileSource values = keys;
  values.cache = args.v_cache;
  values.step = args.v;
  const int64_t visible = first_visible(args, unit.position), end = unit.position + unit.rows;
  for (int64_t tile = visible / kTilePositions * kTilePositions; tile < end;
       tile += kTilePositions) {
    const int64_t from = std::max(tile, visible), to = std::min(tile + kTilePositions, end);
    gather(keys, from, to, scratch.keys + (from - tile) * padded);
    gather(values, from, to, scratch.values + (from - tile) * padded);
    for (int64_t r = 0; r < unit.rows; ++r) {
      const int64_t position = unit.position + r;
      const int64_t first = std::max(from, first_visible(args, position));
      const int64_t last = std::min(to, position + 1);
      for (int64_t h = 0; h < shared && first < last; ++h)
        attend(scratch.queries[r * shared + h], {scratch.keys, scratch.values, padded},
               first - tile, last - tile);
    }
  }
  finish(args, unit, scratch);
}

void clear(const Attention& args, const Unit& unit) {
  const int64_t heads = args.q.shape[1], width = heads_per_group(args) * args.q.shape[2];
  for (int64_t row = unit.first; row < unit.first + unit.rows; ++row)
    std::fill_n(args.y.f32() + row * heads * args.q.shape[2] + unit.group * width, width, 0.0f);
}

int64_t scratch_bytes(const Attention& args) {
  return Scratch::bytes(kRows * heads_per_group(args), padded_width(args.q.shape[2]));
}

}  // namespace

int64_t attention_cpu_workspace(const Context& context, const Attention& args) {
  return context.threads.threads() * scratch_bytes(args);
}

void attention_cpu(Context& context, const Attention& args, std::span<std::byte> workspace) {
  const int64_t count = Units(args).count();
  const int64_t threads = std::min<int64_t>(context.threads.threads(), count);
  std::atomic<int64_t> next{0};  // units differ in cost: each thread takes the next when it is free
  context.threads.parallel_for(threads, 1, [&](int64_t, int64_t, int thread) {
    const Scratch scratch(workspace.data() + thread * scratch_bytes(args),
                          kRows * heads_per_group(args), padded_width(args.q.shape[2]));
    Units units(args);
    for (int64_t index = next++; index < count; index = next++) {
      const Unit unit = units[index];
      if (args.batch.slots[static_cast<size_t>(unit.sequence)] < 0) {
        clear(args, unit);
      } else {
        run(args, unit, scratch);
      }
    }
  });
}

}  // namespace jet
