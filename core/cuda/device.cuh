// A CUDA device: its memory, its stream, and what kernels ask about it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include <cuda_runtime.h>

#include "core/context.h"
#include "core/cuda/check.cuh"
#include "core/cuda/products.cuh"
#include "core/device.h"

namespace jet {

class CudaDevice final : public Device {
 public:
  // Throws Error when there is no driver or no device of compute capability 8.0 or above.
  CudaDevice(const DeviceOptions& options, const DeviceOps& ops);
  ~CudaDevice() override;

  std::string_view name() const override { return name_; }
  const DeviceOps& ops() const override { return ops_; }
  std::shared_ptr<std::byte> allocate(int64_t bytes) override;
  int64_t memory_limit() const override { return limit_; }
  int64_t memory_in_use() const override { return in_use_; }
  void upload(std::byte* to, const std::byte* from, int64_t bytes) override;
  void download(std::byte* to, const std::byte* from, int64_t bytes) override;
  void copy(std::byte* to, const std::byte* from, int64_t bytes) override;
  void clear(std::byte* to, int64_t bytes) override;
  void wait() override;
  std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) override;
  double measure_copy_bandwidth() override;

  cudaStream_t stream() const { return stream_; }
  int multiprocessors() const { return multiprocessors_; }
  // Compute capability 9.0 with its own instructions (wgmma, bulk copies); JET_KERNELS=portable
  // says no.
  bool is_hopper() const { return is_hopper_; }
  bool is_deterministic() const { return options_.deterministic; }
  MatrixProducts& products() { return *products_; }

 private:
  DeviceOptions options_;
  const DeviceOps& ops_;
  std::string name_;
  cudaStream_t stream_ = nullptr;
  std::unique_ptr<MatrixProducts> products_;
  int multiprocessors_ = 0;
  bool is_hopper_ = false;
  int64_t limit_ = 0;
  std::atomic<int64_t> in_use_ = 0;
};

// The device of a context that an op was called with.
inline CudaDevice& cuda_device(const Context& context) {
  return static_cast<CudaDevice&>(*context.device);
}
inline cudaStream_t cuda_stream(const Context& context) { return cuda_device(context).stream(); }

}  // namespace jet
