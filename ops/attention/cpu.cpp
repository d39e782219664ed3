// attention on the CPU: running softmaxes over tiles of positions (Milakov & Gimelshein 2018, arXiv
// 1805.02867; Dao et al. 2022, arXiv 2205.14135), in spans of a fixed length that are merged in
// ascending order. Tiles and spans begin at multiples of their length, so the order of a row's
// operations depends on its position alone: not on where the step began, nor on which thread took
// which span.
#include <atomic>
#include <new>

#include "core/block_types/block_types.h"
#include "ops/attention/kernels.h"
#include "ops/attention/softmax_tile.h"
#include "ops/attention/tile.h"
#include "ops/attention/units.h"

namespace jet {
namespace {

using Counter = std::atomic<int64_t>;

constexpr int64_t kFewProducts = 100'000;  // of scores: not worth waking a thread
constexpr int64_t kEncodedRows = 64;       // as few rows of the step to be encoded

int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }
int64_t aligned_floats(int64_t count) { return aligned(count * int64_t{sizeof(float)}); }

int64_t softmax_bytes(int64_t count, int64_t padded) {
  return aligned_floats(count * (padded + 2));
}

Softmaxes softmaxes_at(std::byte* memory, int64_t count, int64_t padded) {
  auto* mixed = reinterpret_cast<float*>(memory);
  return {mixed, mixed + count * padded, mixed + count * (padded + 1), padded};
}

// The units of one thread, which others take from as well when theirs are done: units differ in
// cost. Neighbours follow one another, so that what is fetched ahead is what the thread reads next.
struct alignas(64) Share {
  std::atomic<int64_t> next;
  int64_t end;
};

// What is where in the workspace: the step's encoded keys and values, the units' results and their
// counters, each thread's share and scratch.
struct Plan {
  AttentionUnits::Totals totals;
  int64_t shared;   // heads of a group
  int64_t padded;   // numbers of a row
  int64_t queries;  // most of a unit
  // bytes
  int64_t encoded, parts, counters, rows, softmaxes, scratch;

  explicit Plan(const Attention& args)
      : totals(AttentionUnits(args).totals()),
        shared(args.q.shape[1] / args.k.shape[1]),
        padded(padded_width(args.q.shape[2])),
        queries(kBlockRows * args.q.shape[1]) {
    const DType type = args.k_cache.type;
    encoded = type == DType::F32
                  ? 0
                  : aligned(args.k.shape[0] * args.k.shape[1] * row_bytes(type, args.k.shape[2]));
    parts = softmax_bytes(totals.parts, padded);
    counters = aligned(totals.counters * int64_t{sizeof(Counter)});
    rows = aligned_floats(2 * kTilePositions * padded);
    softmaxes = softmax_bytes(queries, padded);
    scratch = rows + aligned_floats(queries * padded) + 2 * softmaxes +
              aligned(queries * int64_t{sizeof(Visible)});
  }
  int64_t bytes(int64_t threads) const {
    return 2 * encoded + parts + counters + threads * (int64_t{sizeof(Share)} + scratch);
  }
};

// What a thread works with.
struct Scratch {
  float* rows;  // [2 kTilePositions, padded]: a tile's, where they must be converted
  float* q;     // [queries, padded]
  Softmaxes total, part;
  Visible* visible;  // [queries]

  Scratch(std::byte* memory, const Plan& plan)
      : rows(reinterpret_cast<float*>(memory)),
        q(reinterpret_cast<float*>(memory + plan.rows)),
        total(softmaxes_at(memory + plan.rows + aligned_floats(plan.queries * plan.padded),
                           plan.queries, plan.padded)),
        part(softmaxes_at(reinterpret_cast<std::byte*>(total.mixed) + plan.softmaxes, plan.queries,
                          plan.padded)),
        visible(reinterpret_cast<Visible*>(reinterpret_cast<std::byte*>(part.mixed) +
                                           plan.softmaxes)) {}
};

class Run {
 public:
  Run(const Attention& args, const Plan& plan, std::span<std::byte> workspace)
      : args_(args),
        plan_(plan),
        workspace_(workspace.data()),
        parts_(softmaxes_at(workspace_ + 2 * plan.encoded, plan.totals.parts, plan.padded)),
        counters_(reinterpret_cast<Counter*>(workspace_ + 2 * plan.encoded + plan.parts)) {
    for (int64_t i = 0; i < plan.totals.counters; ++i) new (counters_ + i) Counter(0);
    if (plan.encoded == 0) return;
    step_.keys = {workspace_, args.k_cache.type, args.k.shape};
    step_.values = {workspace_ + plan.encoded, args.v_cache.type, args.v.shape};
  }

  // The step's rows as the cache will hold them.
  void encode(int64_t begin, int64_t end) const {
    const int64_t width = args_.k.shape[1] * args_.k.shape[2];
    const int64_t bytes = row_bytes(step_.keys.type, width);
    for (int64_t t = begin; t < end; ++t) {
      std::byte* to = workspace_ + t * bytes;
      encode_row(step_.keys.type, args_.k.f32() + t * width, width, to);
      encode_row(step_.keys.type, args_.v.f32() + t * width, width, to + plan_.encoded);
    }
  }

  // Deals the units to `threads` threads.
  void deal(int64_t threads) const {
    const int64_t units = plan_.totals.units;
    for (int64_t i = 0; i < threads; ++i)
      new (&share(i)) Share{units * i / threads, units * (i + 1) / threads};
  }

  // The thread's share, then what is left of the others'.
  void work(int64_t thread, int64_t threads) const {
    const Scratch scratch(reinterpret_cast<std::byte*>(&share(thread) + 1), plan_);
    AttentionUnits units(args_);
    for (int64_t i = 0; i < threads; ++i) {
      Share& from = share((thread + i) % threads);
      for (int64_t unit = from.next++; unit < from.end; unit = from.next++)
        run(units[unit], scratch);
    }
  }

 private:
  Share& share(int64_t thread) const {
    return *reinterpret_cast<Share*>(workspace_ + plan_.bytes(thread));
  }

  void run(const Unit& unit, const Scratch& scratch) const {
    const int64_t count = queries(unit);
    scratch.total.clear(count);
    if (args_.batch.slots[static_cast<size_t>(unit.sequence)] < 0) {
      std::fill_n(scratch.total.sum, count, 1.0f);
      return finish(unit, scratch.total);
    }
    place_queries(unit, scratch.q);
    if (unit.is_whole) {
      for (int64_t span = unit.first_span; span < unit.end_span; ++span) {
        attend_span(unit, span, scratch, scratch.part);
        merge(scratch.total, scratch.part, count);
      }
      return finish(unit, scratch.total);
    }
    attend_span(unit, unit.first_span, scratch, parts_.from(unit.part));
    // Whoever finishes the last span merges all of them.
    const bool is_last = counters_[unit.counter].fetch_add(1) + 1 == unit.siblings;
    if (!is_last) return;
    for (int64_t i = 0; i < unit.siblings; ++i)
      merge(scratch.total, parts_.from(unit.first_part + i * count), count);
    finish(unit, scratch.total);
  }

  int64_t per_group(const Unit& unit) const { return unit.rows * plan_.shared; }
  int64_t queries(const Unit& unit) const {
    return (unit.end_group - unit.first_group) * per_group(unit);
  }
  // Query i of the unit, whose groups follow one another, among all [T, H].
  int64_t query(const Unit& unit, int64_t i) const {
    const int64_t group = unit.first_group + i / per_group(unit), local = i % per_group(unit);
    return (unit.first + local / plan_.shared) * args_.q.shape[1] + group * plan_.shared +
           local % plan_.shared;
  }

  void place_queries(const Unit& unit, float* q) const {
    const int64_t width = args_.q.shape[2];
    for (int64_t i = 0; i < queries(unit); ++i, q += plan_.padded) {
      const float* from = args_.q.f32() + query(unit, i) * width;
      for (int64_t c = 0; c < width; ++c) q[c] = from[c] * args_.scale;
      std::fill(q + width, q + plan_.padded, 0.0f);
    }
  }

  // to = what the unit's queries see in one span.
  void attend_span(const Unit& unit, int64_t span, const Scratch& scratch,
                   const Softmaxes& to) const {
    to.clear(queries(unit));
    const int64_t count = per_group(unit);
    const int64_t begin = std::max(span * kSpanPositions, first_visible(args_, unit.position));
    const int64_t end = std::min((span + 1) * kSpanPositions, unit.position + unit.rows);
    for (int64_t from = begin; from < end;) {
      const int64_t first = from / kTilePositions * kTilePositions;
      const int64_t until = std::min(first + kTilePositions, end);
      for (int64_t i = 0; i < count; ++i) {
        const int64_t position = unit.position + i / plan_.shared;
        const int64_t seen = std::max(from, first_visible(args_, position));
        scratch.visible[i] = {static_cast<int32_t>(seen - first),
                              static_cast<int32_t>(std::min(until, position + 1) - first)};
      }
      for (int64_t group = unit.first_group; group < unit.end_group; ++group) {
        const TileSource source{args_, step_, unit.sequence, group};
        const KeyValueTile tile = place_rows(source, first, from, until, count, scratch.rows);
        // Beyond the span too: the unit that this thread takes next begins there.
        const RowsAhead ahead =
            rows_ahead(source, until, std::min(until + kTilePositions, unit.position));
        const int64_t at = (group - unit.first_group) * count;
        attend(scratch.q + at * plan_.padded, to.from(at), scratch.visible, count, tile, ahead);
      }
      from = until;
    }
  }

  void finish(const Unit& unit, const Softmaxes& total) const {
    const int64_t width = args_.q.shape[2];
    for (int64_t i = 0; i < queries(unit); ++i) {
      float* y = args_.y.f32() + query(unit, i) * width;
      for (int64_t c = 0; c < width; ++c) y[c] = total.mixed[i * total.width + c] / total.sum[i];
    }
  }

  const Attention& args_;
  const Plan& plan_;
  std::byte* workspace_;
  StepRows step_{args_.k, args_.v};
  Softmaxes parts_;
  Counter* counters_;
};

// Products of all scores, roughly.
int64_t products(const Attention& args) {
  int64_t pairs = 0;
  for (size_t n = 0; n < args.batch.slots.size(); ++n) {
    const int64_t rows = args.batch.offsets[n + 1] - args.batch.offsets[n];
    const int64_t seen = args.batch.past[n] + rows;
    pairs += rows * (args.window == 0 ? seen : std::min(seen, args.window));
  }
  return pairs * args.q.shape[1] * args.q.shape[2];
}

}  // namespace

int64_t attention_cpu_workspace(const Context& context, const Attention& args) {
  return Plan(args).bytes(context.threads.threads());
}

void attention_cpu(Context& context, const Attention& args, std::span<std::byte> workspace) {
  const Plan plan(args);
  const Run run(args, plan, workspace);
  if (plan.encoded > 0) {
    context.threads.parallel_for(args.k.shape[0], kEncodedRows,
                                 [&](int64_t begin, int64_t end, int) { run.encode(begin, end); });
  }
  const int64_t threads = products(args) < kFewProducts
                              ? 1
                              : std::min<int64_t>(context.threads.threads(), plan.totals.units);
  run.deal(threads);
  context.threads.parallel_for(threads, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t thread = begin; thread < end; ++thread) run.work(thread, threads);
  });
}

}  // namespace jet
