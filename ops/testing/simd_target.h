// Runs code that dispatches through Highway on an instruction set of the test's choice.
#pragma once

#include <cstdint>
#include <vector>

#include <hwy/highway.h>
#include <hwy/targets.h>

namespace jet::testing {

// The instruction sets that are compiled in and that this machine has, best first.
inline std::vector<int64_t> simd_targets() { return hwy::SupportedAndGeneratedTargets(); }

// While one lives, every dispatch goes to this instruction set.
class WithSimdTarget {
 public:
  explicit WithSimdTarget(int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
  }
  ~WithSimdTarget() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
  WithSimdTarget(const WithSimdTarget&) = delete;
  WithSimdTarget& operator=(const WithSimdTarget&) = delete;
};

}  // namespace jet::testing
