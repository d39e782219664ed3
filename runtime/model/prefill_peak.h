// What a prompt's products on the CPU are measured against.
#pragma once

#include "models/checkpoint.h"

namespace jet {

struct PrefillPeak {
  bool is_int8 = false;  // else in float32
  double products = 0;   // multiply-adds a second; 0: the kernels in use have no measure
};

// What `threads` threads multiply and add in registers in the way that most of the layers' weights
// are multiplied: in int8 for block types, else, and for --dtype f32, in float32. Takes some 30 ms.
PrefillPeak measure_prefill_peak(const Checkpoint& checkpoint, bool in_float32, int threads);

}  // namespace jet
