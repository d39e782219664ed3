// Memory of a CUDA device for tests and benchmarks of kernels: guarded, and poisoned with NaN.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "core/half.h"

namespace jet::testing {

inline void check_cuda(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

template <typename T>
class DeviceArray {
 public:
  // Every byte 0xff: NaN as float32, float16 and bf16, -1 as an integer.
  explicit DeviceArray(size_t count) : count_(count) {
    check_cuda(cudaMalloc(reinterpret_cast<void**>(&bytes_), count * sizeof(T) + 2 * kGuard));
    check_cuda(cudaMemset(bytes_, kFence, kGuard));
    check_cuda(cudaMemset(bytes_ + kGuard, 0xff, count * sizeof(T)));
    check_cuda(cudaMemset(bytes_ + kGuard + count * sizeof(T), kFence, kGuard));
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    check_cuda(cudaMemcpy(data(), values.data(), values.size() * sizeof(T), cudaMemcpyDefault));
  }
  ~DeviceArray() { cudaFree(bytes_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return reinterpret_cast<T*>(bytes_ + kGuard); }
  size_t size() const { return count_; }
  std::vector<T> values() {
    std::vector<T> values(count_);
    check_cuda(cudaMemcpy(values.data(), data(), count_ * sizeof(T), cudaMemcpyDefault));
    return values;
  }
  bool guards_are_whole() {
    std::vector<unsigned char> before(kGuard), after(kGuard), fence(kGuard, kFence);
    check_cuda(cudaMemcpy(before.data(), bytes_, kGuard, cudaMemcpyDefault));
    check_cuda(
        cudaMemcpy(after.data(), bytes_ + kGuard + count_ * sizeof(T), kGuard, cudaMemcpyDefault));
    return before == fence && after == fence;
  }

 private:
  static constexpr size_t kGuard = 512;
  static constexpr unsigned char kFence = 0x5a;
  unsigned char* bytes_ = nullptr;
  size_t count_;
};

inline std::vector<uint16_t> to_bf16(std::span<const float> values) {
  std::vector<uint16_t> bits;
  for (const float x : values) bits.push_back(float_to_bf16(x));
  return bits;
}

inline std::vector<float> from_bf16(std::span<const uint16_t> bits) {
  std::vector<float> values;
  for (const uint16_t x : bits) values.push_back(bf16_to_float(x));
  return values;
}

// To the nearest numbers that bf16 has.
inline void round_to_bf16(std::vector<float>& values) {
  for (float& x : values) x = bf16_to_float(float_to_bf16(x));
}

// |a - b| / |b| over all numbers; NaN when one is.
inline double relative_error(std::span<const float> a, std::span<const double> b) {
  double difference = 0, length = 1e-30;
  for (size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    length += b[i] * b[i];
  }
  return std::sqrt(difference / length);
}

}  // namespace jet::testing
