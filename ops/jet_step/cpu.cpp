// jet_step on the CPU: threads over rows and heads; what one head needs goes through the first
// cache once.
#include <algorithm>
#include <cmath>

#include "ops/delta_gates/gate.h"
#include "ops/dynamic_conv/channels.h"
#include "ops/dynamic_conv/dynamic_conv.h"
#include "ops/gated_delta_rule/step.h"
#include "ops/jet_step/kernels.h"
#include "ops/row_norms.h"

namespace jet {
namespace {

constexpr int64_t kNumbers = 16384;  // of states: fewer are not worth waking a thread

// What a thread works with: q [K], k [K], v [V], mixed [V], and columns of S and of v and y where
// they do not fill a panel: [K + 2, columns].
struct Scratch {
  float *q, *k, *v, *mixed, *panel;

  Scratch(float* memory, int64_t keys, int64_t values)
      : q(memory), k(q + keys), v(k + keys), mixed(v + values), panel(mixed + values) {}
  static int64_t floats(int64_t keys, int64_t values, int64_t columns) {
    return (2 * (keys + values) + (keys + 2) * columns + 15) / 16 * 16;
  }
};

class Run {
 public:
  explicit Run(const JetStep& args)
      : args_(args),
        heads_(args.q.shape[1]),
        keys_(args.q.shape[2]),
        values_(args.gate.shape[2]),
        taps_(args.taps.shape[2]),
        columns_(delta_rule_columns()) {}

  int64_t scratch_floats() const { return Scratch::floats(keys_, values_, columns_); }

  // Head h of row t of sequence n.
  void run(size_t n, int64_t t, int64_t h, float* memory) const {
    const Scratch scratch(memory, keys_, values_);
    const int64_t row = t * heads_ + h;
    convolve(n, t, h, scratch.v);
    const float unit = 1.0f / std::sqrt(static_cast<float>(keys_));
    silu_l2_norm_row(args_.q.f32() + row * keys_, keys_, unit, args_.l2_eps, scratch.q);
    silu_l2_norm_row(args_.k.f32() + row * keys_, keys_, 1.0f, args_.l2_eps, scratch.k);
    const DeltaGate gates = delta_gate(args_.a.f32()[row], args_.b.f32()[row], args_.a_log.f32()[h],
                                       args_.dt_bias.f32()[h]);
    DeltaRuleStep step{.q = scratch.q,
                       .k = scratch.k,
                       .keys = keys_,
                       .decay = std::exp(gates.g),
                       .beta = gates.beta,
                       .s = nullptr,
                       .stride = values_,
                       .v = nullptr,
                       .y = nullptr};
    update_state(n, h, step, scratch);
    gated_rms_norm_row(scratch.mixed, args_.gate.f32() + row * values_, args_.o_norm.f32(), values_,
                       args_.norm_eps, args_.y.f32() + row * values_);
  }

 private:
  void convolve(size_t n, int64_t t, int64_t h, float* v) const {
    const int64_t channels = heads_ * values_, begin = h * values_, slot = args_.batch.slots[n];
    float* state = slot < 0 ? nullptr : args_.conv_state.f32() + slot * (taps_ - 1) * channels;
    const ConvHistory history{.step = args_.u.f32() + t * channels,
                              .state = state,
                              .channels = channels,
                              .width = taps_,
                              .past = slot < 0 ? 0 : args_.batch.past[n]};
    const float* u[kMostTaps];
    for (int64_t i = 0; i < taps_; ++i) {
      const float* row = history.row(i - (taps_ - 1));
      u[i] = row == nullptr ? nullptr : row + begin;
    }
    convolve_channels(args_.taps.f32() + (t * channels + begin) * taps_, u, taps_, values_, v);
    if (state != nullptr) update_conv_state(history, state, 1, begin, begin + values_);
  }

  // Whole panels of S where they lie, the last columns by way of the scratch; mixed = S^T q.
  void update_state(size_t n, int64_t h, DeltaRuleStep& step, const Scratch& scratch) const {
    const int64_t slot = args_.batch.slots[n];
    float* state =
        slot < 0 ? nullptr : args_.recurrent_state.f32() + (slot * heads_ + h) * keys_ * values_;
    const bool is_new = state == nullptr || args_.batch.past[n] == 0;
    if (state != nullptr && is_new) std::fill_n(state, keys_ * values_, 0.0f);
    for (int64_t c = 0; c < values_; c += columns_) {
      const int64_t width = std::min(columns_, values_ - c);
      if (state != nullptr && width == columns_) {
        step.s = state + c;
        step.v = scratch.v + c;
        step.y = scratch.mixed + c;
        delta_rule_step(step);
        continue;
      }
      DeltaRuleStep part = step;
      float* s = scratch.panel;
      float* v = s + keys_ * columns_;
      float* y = v + columns_;
      std::fill(s, y, 0.0f);
      for (int64_t i = 0; i < keys_ && !is_new; ++i)
        std::copy_n(state + i * values_ + c, width, s + i * columns_);
      std::copy_n(scratch.v + c, width, v);
      part.s = s;
      part.stride = columns_;
      part.v = v;
      part.y = y;
      delta_rule_step(part);
      std::copy_n(y, width, scratch.mixed + c);
      for (int64_t i = 0; i < keys_ && state != nullptr; ++i)
        std::copy_n(s + i * columns_, width, state + i * values_ + c);
    }
  }

  const JetStep& args_;
  int64_t heads_, keys_, values_, taps_, columns_;
};

}  // namespace

int64_t jet_step_cpu_workspace(const Context& context, const JetStep& args) {
  return context.threads.threads() * Run(args).scratch_floats() * int64_t{sizeof(float)};
}

void jet_step_cpu(Context& context, const JetStep& args, std::span<std::byte> workspace) {
  const Run run(args);
  auto* scratch = reinterpret_cast<float*>(workspace.data());
  const int64_t heads = args.q.shape[1];
  const int64_t numbers = std::max<int64_t>(1, args.q.shape[2] * args.gate.shape[2]);
  const int64_t grain = std::max<int64_t>(1, kNumbers / numbers);
  context.threads.parallel_for(
      args.q.shape[0] * heads, grain, [&](int64_t begin, int64_t end, int thread) {
        for (int64_t i = begin; i < end; ++i) {
          const auto n = static_cast<size_t>(sequence_of_row(args.batch, i / heads));
          run.run(n, i / heads, i % heads, scratch + thread * run.scratch_floats());
        }
      });
}

}  // namespace jet
