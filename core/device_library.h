// The way into libjet_cuda.so: one C function, looked up by name.
#pragma once

#include <memory>

#include "core/device.h"

namespace jet {

// The library and the program must come from one build: they share C++ types.
#ifndef JET_BUILD_ID
#define JET_BUILD_ID "unknown"
#endif

inline constexpr const char* kOpenCudaSymbol = "jet_open_cuda";

// Throws Error when `build_id` is not the library's, or there is no usable device.
using OpenCuda = void (*)(const DeviceOptions& options, const char* build_id,
                          std::shared_ptr<Device>& device);

}  // namespace jet
