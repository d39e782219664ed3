// The 8-bit floats of caches on a device.
#pragma once

#include "core/dtype.h"

namespace jet {

// e4m3: 4 bits of exponent, 3 of mantissa, at most 448. Only a CUDA device computes with them, and
// only attention's caches hold them; DType names them by their size.
inline constexpr DType kFloat8 = DType::U8;

}  // namespace jet
