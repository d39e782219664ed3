// Eight numbers of e4m3, the 8-bit floats of a cache, to bf16 and there and back.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "ops/cuda/tensor_core.cuh"

namespace jet::cuda {

// Every e4m3 number is a bf16 number.
__device__ __forceinline__ uint32_t e4m3_pair_to_bf16(uint32_t bytes) {
  const __half2_raw pair =
      __nv_cvt_fp8x2_to_halfraw2(static_cast<__nv_fp8x2_storage_t>(bytes & 0xffff), __NV_E4M3);
  const float2 numbers = __half22float2(__half2(pair));
  return pack_bf16(numbers.x, numbers.y);
}

__device__ __forceinline__ uint4 e4m3_to_bf16(const uint2& bytes) {
  return {e4m3_pair_to_bf16(bytes.x), e4m3_pair_to_bf16(bytes.x >> 16), e4m3_pair_to_bf16(bytes.y),
          e4m3_pair_to_bf16(bytes.y >> 16)};
}

// Two numbers to the nearest of e4m3; beyond 448, the largest, they become that.
__device__ __forceinline__ uint32_t pair_to_e4m3(float low, float high) {
  return __nv_cvt_float2_to_fp8x2({low, high}, __NV_SATFINITE, __NV_E4M3);
}

// Eight bf16 numbers as e4m3 would hold them.
__device__ __forceinline__ uint4 through_e4m3(const uint4& numbers) {
  const auto pair = [](uint32_t x) {
    const float2 numbers = unpack_bf16(x);
    return e4m3_pair_to_bf16(pair_to_e4m3(numbers.x, numbers.y));
  };
  return {pair(numbers.x), pair(numbers.y), pair(numbers.z), pair(numbers.w)};
}

}  // namespace jet::cuda
