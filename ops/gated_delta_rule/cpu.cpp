// gated_delta_rule on the CPU. The columns of S do not meet: a panel of them is copied to a
// workspace that fits the first cache, runs over all tokens of its sequence, and is copied back.
#include <algorithm>
#include <cmath>

#include "ops/gated_delta_rule/kernels.h"
#include "ops/gated_delta_rule/step.h"

namespace jet {
namespace {

// The work of one thread at a time: some columns of one head of one sequence.
struct Unit {
  size_t sequence;
  int64_t head;
  int64_t column;  // the first
  int64_t width;   // how many of a panel's columns exist; the others stay zero
};

class Panels {
 public:
  explicit Panels(const GatedDeltaRule& args)
      : args_(args),
        columns_(delta_rule_columns()),
        per_head_((args.v.shape[2] + columns_ - 1) / columns_) {}

  int64_t columns() const { return columns_; }
  int64_t count() const { return args_.batch.sequences() * args_.q.shape[1] * per_head_; }
  Unit operator[](int64_t index) const {
    const int64_t column = index % per_head_ * columns_, heads = args_.q.shape[1];
    return {.sequence = static_cast<size_t>(index / per_head_ / heads),
            .head = index / per_head_ % heads,
            .column = column,
            .width = std::min(columns_, args_.v.shape[2] - column)};
  }
  // Of one thread: S [K, columns], v [columns], y [columns].
  int64_t scratch_floats() const { return (args_.q.shape[2] + 2) * columns_; }

 private:
  const GatedDeltaRule& args_;
  int64_t columns_;
  int64_t per_head_;
};

// The first column of the unit in the sequence's slot; nullptr for padding.
float* stored_state(const GatedDeltaRule& args, const Unit& unit) {
  const int64_t slot = args.batch.slots[unit.sequence];
  if (slot < 0) return nullptr;
  const int64_t heads = args.q.shape[1], keys = args.q.shape[2], values = args.v.shape[2];
  return args.state.f32() + (slot * heads + unit.head) * keys * values + unit.column;
}

void run(const GatedDeltaRule& args, const Unit& unit, int64_t columns, float* s) {
  const int64_t heads = args.q.shape[1], keys = args.q.shape[2], values = args.v.shape[2];
  const BatchView& batch = args.batch;
  const int64_t begin = batch.offsets[unit.sequence], end = batch.offsets[unit.sequence + 1];
  if (begin == end) return;

  float* v = s + keys * columns;
  float* y = v + columns;
  float* stored = stored_state(args, unit);
  std::fill(s, y, 0.0f);
  if (stored != nullptr && batch.past[unit.sequence] > 0) {
    for (int64_t i = 0; i < keys; ++i)
      std::copy_n(stored + i * values, unit.width, s + i * columns);
  }
  for (int64_t t = begin; t < end; ++t) {
    const int64_t row = t * heads + unit.head;
    std::copy_n(args.v.f32() + row * values + unit.column, unit.width, v);
    delta_rule_step({.q = args.q.f32() + row * keys,
                     .k = args.k.f32() + row * keys,
                     .keys = keys,
                     .decay = std::exp(args.g.f32()[row]),
                     .beta = args.beta.f32()[row],
                     .s = s,
                     .stride = columns,
                     .v = v,
                     .y = y});
    std::copy_n(y, unit.width, args.y.f32() + row * values + unit.column);
  }
  if (stored == nullptr) return;
  for (int64_t i = 0; i < keys; ++i) std::copy_n(s + i * columns, unit.width, stored + i * values);
}

}  // namespace

int64_t gated_delta_rule_cpu_workspace(const Context& context, const GatedDeltaRule& args) {
  return context.threads.threads() * Panels(args).scratch_floats() * int64_t{sizeof(float)};
}

void gated_delta_rule_cpu(Context& context, const GatedDeltaRule& args,
                          std::span<std::byte> workspace) {
  const Panels panels(args);
  auto* scratch = reinterpret_cast<float*>(workspace.data());
  context.threads.parallel_for(panels.count(), 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t index = begin; index < end; ++index) {
      run(args, panels[index], panels.columns(), scratch + thread * panels.scratch_floats());
    }
  });
}

}  // namespace jet
