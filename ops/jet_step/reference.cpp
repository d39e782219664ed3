// jet_step as its parts' references one after the other.
#include <cmath>

#include "ops/delta_gates/kernels.h"
#include "ops/dynamic_conv/kernels.h"
#include "ops/gated_delta_rule/kernels.h"
#include "ops/gated_rms_norm/kernels.h"
#include "ops/jet_step/kernels.h"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {
namespace {

// What one part gives the next, as float32 keeps it.
std::vector<float> rounded(const std::vector<double>& numbers) {
  return {numbers.begin(), numbers.end()};
}

}  // namespace

JetStepReference jet_step_reference(const JetStep& args) {
  const float unit = 1.0f / std::sqrt(static_cast<float>(args.q.shape[2]));
  const auto q = rounded(silu_l2_norm_reference({args.q, unit, args.l2_eps, {}}));
  const auto k = rounded(silu_l2_norm_reference({args.k, 1.0f, args.l2_eps, {}}));
  const TensorView no_output{nullptr, DType::F32, args.u.shape};
  const auto v =
      rounded(dynamic_conv_reference({args.u, args.taps, args.batch, args.conv_state, no_output}));
  const DeltaGatesReference gates =
      delta_gates_reference({args.a, args.b, args.a_log, args.dt_bias, {}, {}});
  const auto g = rounded(gates.g), beta = rounded(gates.beta);
  GatedDeltaRuleReference rule = gated_delta_rule_reference(
      {view_of(q, args.q.shape), view_of(k, args.k.shape), view_of(v, args.gate.shape),
       view_of(g, args.a.shape), view_of(beta, args.a.shape), args.batch, args.recurrent_state,
       args.y});
  const auto mixed = rounded(rule.y);
  return {.y = gated_rms_norm_reference(
              {view_of(mixed, args.gate.shape), args.gate, args.o_norm, args.norm_eps, {}}),
          .recurrent_state = std::move(rule.state)};
}

}  // namespace jet
