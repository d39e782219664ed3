// Numbers of a config in GGUF metadata, which holds most of them as float32.
#pragma once

#include <string>

#include "io/gguf.h"

namespace jet {

// The number meant by a stored one: the shortest decimal that gives this float32.
double meant(double stored);

// As float32 where that says the same number, else as float64, which other readers may refuse.
void set_meant(GgufMetadata& metadata, const std::string& key, double value);

}  // namespace jet
