// The back ends of jet_step and its reference; called through jet_step.h, which has checked the
// shapes.
#pragma once

#include <vector>

#include "ops/jet_step/jet_step.h"

namespace jet {

int64_t jet_step_cpu_workspace(const Context& context, const JetStep& args);
void jet_step_cpu(Context& context, const JetStep& args, std::span<std::byte> workspace);

int64_t jet_step_cuda_workspace(const Context& context, const JetStep& args);
void jet_step_cuda(Context& context, const JetStep& args, std::span<std::byte> workspace);

struct JetStepReference {
  std::vector<double> y;                // [T, H, V]
  std::vector<double> recurrent_state;  // [slots, H, K, V], after the step
};
// Of its parts' references, from the states before the step, which it does not change; tests only.
JetStepReference jet_step_reference(const JetStep& args);

}  // namespace jet
