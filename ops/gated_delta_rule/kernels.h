// The back ends of gated_delta_rule and its reference; called through gated_delta_rule.h, which has
// checked the shapes.
#pragma once

#include <vector>

#include "ops/gated_delta_rule/gated_delta_rule.h"

namespace jet {

int64_t gated_delta_rule_cpu_workspace(const Context& context, const GatedDeltaRule& args);
void gated_delta_rule_cpu(Context& context, const GatedDeltaRule& args,
                          std::span<std::byte> workspace);

int64_t gated_delta_rule_cuda_workspace(const Context& context, const GatedDeltaRule& args);
void gated_delta_rule_cuda(Context& context, const GatedDeltaRule& args,
                           std::span<std::byte> workspace);

struct GatedDeltaRuleReference {
  std::vector<double> y;      // [T, H, V]
  std::vector<double> state;  // [slots, H, K, V], after the step
};
// In float64, from the state before the step, which it does not change; tests only.
GatedDeltaRuleReference gated_delta_rule_reference(const GatedDeltaRule& args);

}  // namespace jet
