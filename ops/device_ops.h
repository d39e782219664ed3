// The ops that a device implements, as a table: Device::ops. Each function is called by the op of
// its name, which has checked the arguments; tensors lie in the device's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/device.h"

namespace jet {

struct Context;
struct Add;

struct DeviceOps {
  void (*add)(Context&, const Add&);
};

}  // namespace jet
