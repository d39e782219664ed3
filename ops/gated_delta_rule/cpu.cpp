// gated_delta_rule on the CPU. The columns of S do not meet: a panel of them is copied to a
// workspace that fits the first cache, runs over all tokens of its sequence, and is copied back.
#include <algorithm>
#include <array>
#include <cmath>

#include "ops/gated_delta_rule/kernels.h"

namespace jet {
namespace {

constexpr int64_t kPanel = 32;  // columns of S
using Columns = std::array<float, kPanel>;

int64_t panels(const GatedDeltaRule& args) { return (args.v.shape[2] + kPanel - 1) / kPanel; }

// The panel [K, kPanel] of columns from `column` on; `width` of them exist, the others are zero.
struct Panel {
  float* s;
  int64_t head;
  int64_t column;
  int64_t width;
};

void load(const Panel& panel, const float* state, int64_t keys, int64_t values) {
  for (int64_t i = 0; i < keys; ++i) {
    float* row = panel.s + i * kPanel;
    std::copy_n(state + i * values + panel.column, panel.width, row);
    std::fill(row + panel.width, row + kPanel, 0.0f);
  }
}

void store(const Panel& panel, float* state, int64_t keys, int64_t values) {
  for (int64_t i = 0; i < keys; ++i)
    std::copy_n(panel.s + i * kPanel, panel.width, state + i * values + panel.column);
}

// Token t: S <- decay S + k delta^T with delta = beta (v - decay S^T k); o = S^T q.
void step(const GatedDeltaRule& args, const Panel& panel, int64_t t) {
  const int64_t heads = args.q.shape[1], keys = args.q.shape[2], values = args.v.shape[2];
  const int64_t row = t * heads + panel.head;
  const float* q = args.q.f32() + row * keys;
  const float* k = args.k.f32() + row * keys;
  const float* v = args.v.f32() + row * values + panel.column;
  const float decay = std::exp(args.g.f32()[row]);
  const float beta = args.beta.f32()[row];

  Columns read{};
  for (int64_t i = 0; i < keys; ++i) {
    for (int64_t c = 0; c < kPanel; ++c) read[c] += panel.s[i * kPanel + c] * k[i];
  }
  Columns delta{};
  for (int64_t c = 0; c < panel.width; ++c) delta[c] = beta * (v[c] - decay * read[c]);
  Columns out{};
  for (int64_t i = 0; i < keys; ++i) {
    float* s = panel.s + i * kPanel;
    for (int64_t c = 0; c < kPanel; ++c) {
      s[c] = decay * s[c] + k[i] * delta[c];
      out[c] += s[c] * q[i];
    }
  }
  std::copy_n(out.data(), panel.width, args.y.f32() + row * values + panel.column);
}

}  // namespace

int64_t gated_delta_rule_cpu_workspace(const Context& context, const GatedDeltaRule& args) {
  return context.threads.threads() * args.q.shape[2] * kPanel * int64_t{sizeof(float)};
}

void gated_delta_rule_cpu(Context& context, const GatedDeltaRule& args,
                          std::span<std::byte> workspace) {
  const BatchView& batch = args.batch;
  const int64_t heads = args.q.shape[1], keys = args.q.shape[2], values = args.v.shape[2];
  const int64_t per_head = panels(args), per_sequence = heads * per_head;
  auto* scratch = reinterpret_cast<float*>(workspace.data());
  const auto body = [&](int64_t begin, int64_t end, int thread) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const auto n = static_cast<size_t>(unit / per_sequence);
      const int64_t head = unit % per_sequence / per_head;
      const int64_t column = unit % per_head * kPanel;
      const Panel panel{scratch + thread * keys * kPanel, head, column,
                        std::min(kPanel, values - column)};
      const int64_t slot = batch.slots[n];
      if (batch.offsets[n] == batch.offsets[n + 1]) continue;
      float* state = slot < 0 ? nullptr : args.state.f32() + (slot * heads + head) * keys * values;
      if (slot < 0 || batch.past[n] == 0) {
        std::fill_n(panel.s, keys * kPanel, 0.0f);
      } else {
        load(panel, state, keys, values);
      }
      for (int64_t t = batch.offsets[n]; t < batch.offsets[n + 1]; ++t) step(args, panel, t);
      if (state != nullptr) store(panel, state, keys, values);
    }
  };
  context.threads.parallel_for(batch.sequences() * per_sequence, 1, body);
}

}  // namespace jet
