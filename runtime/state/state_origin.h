// What a state belongs to: another model, or another type of computing, would go on differently.
#pragma once

#include <cstdint>
#include <string>

namespace jet {

struct StateOrigin {
  uint64_t model = 0;     // its fingerprint: runtime/model/fingerprint.h
  std::string computing;  // Placement::computing
};

}  // namespace jet
