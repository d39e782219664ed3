// What the GPU tests of ops share: a context on the device, and outputs there that show what was
// not written or written beside them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/device.h"
#include "ops/testing/op_test.h"

namespace jet::testing {

// The device, opened once; null where CUDA is not available, and then `reason` says why.
struct Gpu {
  std::shared_ptr<Device> device;
  std::string reason;

  static const Gpu& get() {
    static const Gpu gpu = [] {
      Gpu opened;
      opened.reason = error_of([&] { opened.device = open_cuda({}); });
      return opened;
    }();
    return gpu;
  }
};

// Tests on the device; skipped where there is none.
class GpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Gpu::get().device) GTEST_SKIP() << Gpu::get().reason;
    device = Gpu::get().device;
    bytes_before_ = device->memory_in_use();
    arena = Arena(device.get());
    context.device = device.get();
  }
  void TearDown() override {
    if (!device) return;
    arena = Arena();
    EXPECT_EQ(device->memory_in_use(), bytes_before_) << "device memory was not given back";
  }

  Tensor upload(std::span<const float> values, const Shape& shape) {
    return to_device(*device, view_of(values, shape));
  }
  std::span<std::byte> workspace(int64_t bytes) { return arena.span(bytes); }

  std::shared_ptr<Device> device;
  ThreadPool threads{1};
  Arena arena;
  Context context{threads, arena};

 private:
  int64_t bytes_before_ = 0;
};

// As Guarded, in the memory of a device.
class GuardedOnDevice {
 public:
  GuardedOnDevice(Device& device, const Shape& shape)
      : device_(device), shape_(shape), host_(shape), memory_(to_device(device, whole())) {}
  TensorView view() {
    return {const_cast<std::byte*>(memory_.view().data) + Guarded::kGuard * sizeof(float),
            DType::F32, shape_};
  }
  // The numbers as they are now; fails the test as Guarded::check does.
  std::span<float> values() {
    const ConstTensorView all = whole();
    device_.download(const_cast<std::byte*>(all.data), memory_.view().data, all.bytes());
    host_.check();
    return host_.values();
  }

 private:
  ConstTensorView whole() { return view_of(host_.all(), Shape{std::ssize(host_.all())}); }

  Device& device_;
  Shape shape_;
  Guarded host_;
  Tensor memory_;
};

// A tensor on the device that an op may write: its owner must live as long.
inline TensorView writable(const Tensor& tensor) {
  const ConstTensorView view = tensor.view();
  return {const_cast<std::byte*>(view.data), view.type, view.shape};
}

}  // namespace jet::testing
