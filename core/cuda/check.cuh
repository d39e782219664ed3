// Errors of the CUDA runtime as jet::Error. Kernels include this, not core/error.h, which is slow
// to compile with nvcc.
#pragma once

#include <string>

#include <cuda_runtime.h>

namespace jet {

// Throws Error "CUDA: <what>: <message>".
[[noreturn]] void fail_cuda(const std::string& what);

inline void check_cuda(cudaError_t status, const char* what) {
  if (status != cudaSuccess) fail_cuda(std::string(what) + ": " + cudaGetErrorString(status));
}

// After a launch: a launch that the runtime refused.
inline void check_launch(const char* kernel) { check_cuda(cudaGetLastError(), kernel); }

}  // namespace jet
