// What the tests of CUDA kernels share.
#pragma once

#include <cstdlib>
#include <string>

#include <cuda_fp8.h>
#include <gtest/gtest.h>

#include "ops/testing/device_array.cuh"

namespace jet::testing {

// Whether to leave out kernels with Hopper's own instructions: on another GPU, or with
// JET_KERNELS=portable, so that the others can be tested from their PTX (CUDA_FORCE_PTX_JIT=1).
inline bool only_portable() {
  int major = 0;
  check_cuda(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  const char* kernels = std::getenv("JET_KERNELS");
  return major != 9 || (kernels != nullptr && std::string(kernels) == "portable");
}

// Skips its tests on a machine without a CUDA device.
class CudaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0)
      GTEST_SKIP() << "no CUDA device";
  }
};

// An e4m3 number's bits, the nearest to x, and what they stand for.
inline uint8_t to_e4m3(float x) { return __nv_fp8_e4m3(x).__x; }
inline float from_e4m3(uint8_t bits) {
  __nv_fp8_e4m3 number;
  number.__x = bits;
  return static_cast<float>(number);
}

}  // namespace jet::testing
