// A device with memory of its own, as the host sees it. The CPU is none: a Context without a device
// runs there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/tensor.h"

namespace jet {

struct DeviceOps;  // the device's implementation of every op: ops/device_ops.h

// Work that was recorded, to be asked for again as a whole: the same kernels on the same addresses.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  virtual void launch() = 0;
};

// Work and copies run in the order in which they were asked for; only what is said to wait waits.
class Device : public std::enable_shared_from_this<Device> {
 public:
  virtual ~Device() = default;

  virtual std::string_view name() const = 0;  // "NVIDIA H100 80GB HBM3"
  virtual const DeviceOps& ops() const = 0;

  // Uninitialised, aligned to 256 bytes, given back with the last owner, which keeps the device
  // open. Throws Error when the device's share of memory has no such block left.
  virtual std::shared_ptr<std::byte> allocate(int64_t bytes) = 0;
  virtual int64_t memory_limit() const = 0;  // bytes this process may take
  virtual int64_t memory_in_use() const = 0;

  // Host memory is read and written by the time the call returns.
  virtual void upload(std::byte* to, const std::byte* from, int64_t bytes) = 0;
  virtual void download(std::byte* to, const std::byte* from, int64_t bytes) = 0;  // waits
  virtual void copy(std::byte* to, const std::byte* from, int64_t bytes) = 0;
  virtual void clear(std::byte* to, int64_t bytes) = 0;  // zeros
  virtual void wait() = 0;                               // for all that was asked for

  // What `work` asks for, without running it. It must not wait, copy from or to the host, or take
  // memory. Throws Error when it cannot be recorded, or what `work` throws.
  virtual std::unique_ptr<DeviceGraph> record(const std::function<void()>& work) = 0;

  // Bytes a second, read and written both counted, of a large copy within the device's memory; the
  // median of a few. Takes 1 GB for a moment, less where less is free.
  virtual double measure_copy_bandwidth() = 0;
};

// A tensor in the device's memory, uninitialised; a copy of a host tensor there; a copy back.
Tensor device_tensor(Device& device, DType type, const Shape& shape);
Tensor to_device(Device& device, ConstTensorView host);
Tensor to_host(Device& device, ConstTensorView on_device);

struct DeviceOptions {
  double memory_fraction = 0.9;  // of the memory that is free when the device is opened
  bool deterministic = false;    // a row's result is the same bits whatever rows run beside it
};

// The first CUDA device. Throws Error saying why there is none: the library libjet_cuda.so, which
// is searched in the folder of the program and in ../lib beside it, or is what JET_CUDA_LIBRARY
// names; the driver; a device of compute capability 8.0 or above.
std::shared_ptr<Device> open_cuda(const DeviceOptions& options);

}  // namespace jet
