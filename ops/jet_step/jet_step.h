// One decoding step of the JetBlock between its products: convolution, norms of q and k, gates, the
// gated delta rule, output norm and gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

struct JetStep {
  ConstTensorView q;           // [T, H, K] float32, as all tensors here: Wq x
  ConstTensorView k;           // [T, H, K] Wk x
  ConstTensorView u;           // [T, H V] Wv x
  ConstTensorView taps;        // [T, H V, W] of the dynamic convolution
  ConstTensorView a;           // [T, H] Wa x
  ConstTensorView b;           // [T, H] Wb x
  ConstTensorView gate;        // [T, H, V] Wg x
  ConstTensorView a_log;       // [H]
  ConstTensorView dt_bias;     // [H]
  ConstTensorView o_norm;      // [V]
  float l2_eps = 1e-6f;        // of q and k
  float norm_eps = 1e-5f;      // of the output
  BatchView batch;             // at most one row a sequence
  TensorView conv_state;       // [slots, W - 1, H V], updated
  TensorView recurrent_state;  // [slots, H, K, V], updated; on a device bf16 too
  TensorView y;                // [T, H, V]
  uint32_t seed = 0;           // of the layer: a bf16 state is rounded up or down by it
};

// Whether this op takes the batch: at most one row a sequence.
bool is_decoding(const BatchView& batch);

int64_t jet_step_workspace(const Context& context, const JetStep& args);  // bytes

// The same bits as silu_l2_norm (q scaled by K^-1/2), dynamic_conv, delta_gates, gated_delta_rule
// and gated_rms_norm one after the other, with their rules for new sequences and padding. Throws
// Error on shapes or types that do not fit, or a sequence of more rows. Reads and writes each state
// once.
void jet_step(Context& context, const JetStep& args, std::span<std::byte> workspace);

}  // namespace jet
