// Gated delta rule: a linear recurrence with decay and error-correcting writes (Yang et al. 2024,
// arXiv 2412.06464).
//   S <- exp(g) S;  S <- S + k (beta (v - S^T k))^T;  o = S^T q
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/context.h"
#include "core/tensor.h"
#include "ops/batch.h"

namespace jet {

struct GatedDeltaRule {
  ConstTensorView q;     // [T, H, K] float32, L2-normalised and scaled
  ConstTensorView k;     // [T, H, K] float32, L2-normalised
  ConstTensorView v;     // [T, H, V] float32
  ConstTensorView g;     // [T, H] float32, log of the decay, <= 0
  ConstTensorView beta;  // [T, H] float32, in [0, 1]
  BatchView batch;
  TensorView state;  // [slots, H, K, V] float32, updated
  TensorView y;      // [T, H, V] float32
};

// The token-by-token form: cutting a prompt differently changes no bit. A sequence with past = 0
// starts from S = 0 whatever its slot holds; padding sequences (slot -1) start from 0 and update
// nothing. Throws Error on shapes or types that do not fit. 7 T H K V flops; the state is read and
// written once.
int64_t gated_delta_rule_workspace(const Context& context, const GatedDeltaRule& args);  // bytes
void gated_delta_rule(Context& context, const GatedDeltaRule& args, std::span<std::byte> workspace);

}  // namespace jet
