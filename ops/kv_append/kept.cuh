// Choosing a kernel by the type of a cache's numbers.
#pragma once

#include "core/cuda/numbers.cuh"
#include "ops/kv_append/kv_append.h"

namespace jet {

// with_number (core/cuda/numbers.cuh) over the types that a cache has.
template <typename Body>
void with_kept(DType type, Body&& body) {
  if (type == kFloat8) return body(static_cast<__nv_fp8_e4m3*>(nullptr));
  with_number(type, body);
}

}  // namespace jet
