// linear on the CPU: threads split the output rows of all parts. Packed blocks meet x quantised to
// int8, packed floats meet it laid out in tiles, both once for all parts; weights as rows meet it
// as it is.
#include <algorithm>

#include "ops/linear/float_panels.h"
#include "ops/linear/int8.h"
#include "ops/linear/kernels.h"
#include "ops/linear/packed.h"
#include "ops/linear/rows.h"

namespace jet {
namespace {

constexpr int64_t kManyProducts = 65536;  // fewer are not worth waking a thread
constexpr int64_t kManyNumbers = 16384;   // to quantise or lay out: the same
constexpr int64_t kNearBytes = 262144;  // of prepared x that one panel after another passes: in L2
constexpr int64_t kNearTiles = 4;       // but no fewer: each pass reads the weights again

// Units of a panel's rows, which no part shares with the next.
int64_t units(const LinearPart& part) { return (part.weight.out() + kPanelRows - 1) / kPanelRows; }

bool is_packed(const LinearPart& part) { return part.weight.packed != nullptr; }
bool is_int8(const LinearPart& part) { return is_packed(part) && is_quantised(part.weight.type()); }

struct Plan {
  int64_t units = 0;
  int64_t terms = 0;  // of x in int8
  int64_t int8_bytes = 0;
  int64_t tile_floats = 0;
  int64_t scratch_floats = 0;  // a thread
};

Plan plan_of(const LinearGroup& args) {
  Plan plan;
  for (const LinearPart& part : args.parts) {
    plan.units += units(part);
    if (is_int8(part)) {
      plan.terms = std::max(plan.terms, int8_terms(part.weight.type()));
    } else if (is_packed(part)) {
      plan.tile_floats = args.x.shape[0] * args.x.shape[1];
    } else {
      plan.scratch_floats = std::max(plan.scratch_floats, row_scratch_floats(part.weight));
    }
  }
  const int64_t blocks = args.x.shape[1] / kPackedBlock;
  plan.int8_bytes =
      int8_blocks(args.x.shape[0], blocks, plan.terms) * static_cast<int64_t>(sizeof(Int8Block));
  return plan;
}

void quantise(Context& context, ConstTensorView x, int64_t terms, Int8Block* to) {
  const int64_t in = x.shape[1];
  const int64_t blocks = in / kPackedBlock;
  const Int8Kernels& kernels = chosen_int8_kernels();
  const int64_t tokens = x.shape[0];
  const int64_t grain = tokens * in < kManyNumbers ? tokens : kTileTokens;
  context.threads.parallel_for(tokens, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t)
      kernels.quantise(x.f32() + t * in, blocks, terms, t % kTileTokens,
                       to + t / kTileTokens * blocks * terms);
  });
}

void lay_out(Context& context, ConstTensorView x, float* to) {
  const int64_t tokens = x.shape[0];
  const int64_t in = x.shape[1];
  const int64_t tiles = (tokens + kFloatTile - 1) / kFloatTile;
  const int64_t grain = tokens * in < kManyNumbers ? tiles : 1;
  context.threads.parallel_for(tiles, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin * kFloatTile; t < std::min(end * kFloatTile, tokens); t += kFloatTile)
      lay_out_tile(x.f32() + t * in, std::min(kFloatTile, tokens - t), in, to + t * in);
  });
}

int64_t near_tiles(int64_t tile_bytes) {
  return std::max(kNearBytes / std::max(tile_bytes, int64_t{1}), kNearTiles);
}

// Panels [begin, end) of a part; of a long prompt as many rows at a time as stay near.
void multiply_floats(const LinearPart& part, const float* x, int64_t tokens, int64_t begin,
                     int64_t end) {
  const PackedWeight& weight = *part.weight.packed;
  const int64_t row = begin * kPanelRows;
  const int64_t tile_bytes = kFloatTile * weight.in * static_cast<int64_t>(sizeof(float));
  const int64_t near = near_tiles(tile_bytes) * kFloatTile;
  for (int64_t first = 0; first < tokens; first += near) {
    multiply_float_panels({.type = weight.type,
                           .weights = weight.panel(begin),
                           .in = weight.in,
                           .x = x + first * weight.in,
                           .tokens = std::min(near, tokens - first),
                           .y = part.y.f32() + first * weight.out + row,
                           .y_stride = weight.out,
                           .rows = std::min(end * kPanelRows, weight.out) - row,
                           .bias = part.bias.data != nullptr ? part.bias.f32() + row : nullptr});
  }
}

// The same.
void multiply_int8(const LinearPart& part, const Int8Block* x, int64_t terms, int64_t tokens,
                   int64_t begin, int64_t end) {
  const PackedWeight& weight = *part.weight.packed;
  const Int8Kernels& kernels = chosen_int8_kernels();
  const int64_t tile_blocks = weight.blocks() * terms;
  const int64_t tile_bytes = tile_blocks * static_cast<int64_t>(sizeof(Int8Block));
  const int64_t near = near_tiles(tile_bytes) * kTileTokens;
  for (int64_t first = 0; first < tokens; first += near) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t row = panel * kPanelRows;
      kernels.multiply(weight.type,
                       {.weights = weight.panel(panel),
                        .x = x + first / kTileTokens * tile_blocks,
                        .blocks = weight.blocks(),
                        .terms = terms,
                        .tokens = std::min(near, tokens - first),
                        .y = part.y.f32() + first * weight.out + row,
                        .y_stride = weight.out,
                        .rows = std::min(kPanelRows, weight.out - row),
                        .bias = part.bias.data != nullptr ? part.bias.f32() + row : nullptr});
    }
  }
}

}  // namespace

int64_t linear_workspace_cpu(const Context& context, const LinearGroup& args) {
  const Plan plan = plan_of(args);
  const int64_t floats = plan.tile_floats + context.threads.threads() * plan.scratch_floats;
  return plan.int8_bytes + floats * static_cast<int64_t>(sizeof(float));
}

void linear_cpu(Context& context, const LinearGroup& args, std::span<std::byte> workspace) {
  const Plan plan = plan_of(args);
  auto* int8 = reinterpret_cast<Int8Block*>(workspace.data());
  auto* tiles = reinterpret_cast<float*>(workspace.data() + plan.int8_bytes);
  float* scratch = tiles + plan.tile_floats;
  if (plan.int8_bytes > 0) quantise(context, args.x, plan.terms, int8);
  if (plan.tile_floats > 0) lay_out(context, args.x, tiles);
  const int64_t tokens = args.x.shape[0];
  const int64_t products = tokens * args.x.shape[1] * plan.units * kPanelRows;
  const int64_t grain = products < kManyProducts ? plan.units : 1;
  context.threads.parallel_for(plan.units, grain, [&](int64_t begin, int64_t end, int thread) {
    int64_t first = 0;  // unit of the part
    for (const LinearPart& part : args.parts) {
      const int64_t from = std::max(begin - first, int64_t{0});
      const int64_t to = std::min(end - first, units(part));
      first += units(part);
      if (from >= to) continue;
      if (is_int8(part)) {
        multiply_int8(part, int8, plan.terms, tokens, from, to);
      } else if (is_packed(part)) {
        multiply_floats(part, tiles, tokens, from, to);
      } else {
        multiply_rows(args.x, part, from * kPanelRows, std::min(to * kPanelRows, part.weight.out()),
                      scratch + thread * plan.scratch_floats);
      }
    }
  });
}

}  // namespace jet
