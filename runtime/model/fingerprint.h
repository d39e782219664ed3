// A number that tells models apart, for what is kept of them outside the program.
#pragma once

#include <cstdint>

#include "models/checkpoint.h"

namespace jet {

// Of the config and of each tensor's name, type, shape and samples of its bytes: models of one
// shape differ wherever one was trained further. Reads 16 samples of 64 bytes a tensor.
uint64_t fingerprint(const Checkpoint& checkpoint);

}  // namespace jet
