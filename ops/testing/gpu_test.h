// What the GPU tests of ops share: a context on the device, and numbers that lie both on the host
// and there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/block_types/block_types.h"
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

// A tensor twice: for the CPU's op in float32, for the device's in a type, with guard rows before
// and after.
class Mirror {
 public:
  Mirror(Device& device, std::vector<float> numbers, const Shape& shape, DType type = DType::F32)
      : device_(device), host_(std::move(numbers)), shape_(shape), type_(type) {
    std::vector<float> all(kGuard, kSentinel);
    all.insert(all.end(), host_.begin(), host_.end());
    all.insert(all.end(), kGuard, kSentinel);
    const auto n = std::ssize(all);
    Tensor encoded(type, Shape{n});
    encode_row(type, all.data(), n, encoded.mutable_view().data);
    memory_ = to_device(device, encoded.view());
    // What the device holds is what the CPU computes with.
    decode_row(type, encoded.view().data + row_bytes(type, kGuard), n - 2 * kGuard, host_.data());
  }
  // Outputs: NaN.
  Mirror(Device& device, const Shape& shape, DType type = DType::F32)
      : Mirror(device,
               std::vector<float>(static_cast<size_t>(shape.elements()),
                                  std::numeric_limits<float>::quiet_NaN()),
               shape, type) {}

  TensorView host() { return view_of(std::span(host_), shape_); }
  TensorView there() const {
    return {const_cast<std::byte*>(memory_.view().data) + row_bytes(type_, kGuard), type_, shape_};
  }
  // Largest |there - host| / (1 + |host|); NaN where a number is. Fails the test when a guard was
  // touched.
  double error() {
    const auto n = std::ssize(host_) + 2 * kGuard;
    const Tensor back = to_host(device_, memory_.view());
    std::vector<float> all(static_cast<size_t>(n));
    decode_row(type_, back.view().data, n, all.data());
    float guard = 0;
    encode_decode(kSentinel, guard);
    for (size_t i = 0; i < kGuard; ++i) {
      EXPECT_EQ(all[i], guard) << "written before the start, at -" << kGuard - i;
      EXPECT_EQ(all[all.size() - 1 - i], guard) << "written past the end, at +" << kGuard - i;
    }
    const std::vector<double> expected(host_.begin(), host_.end());
    return worst_error(std::span(all).subspan(kGuard, host_.size()), expected);
  }

 private:
  static constexpr size_t kGuard = 64;
  static constexpr float kSentinel = 12345.678f;
  void encode_decode(float number, float& stored) const {
    std::byte bytes[sizeof(float)];
    encode_row(type_, &number, 1, bytes);
    decode_row(type_, bytes, 1, &stored);
  }

  Device& device_;
  std::vector<float> host_;
  Shape shape_;
  DType type_;
  Tensor memory_;
};

// A batch whose arrays lie in the memory of the device as well.
class MirroredBatch {
 public:
  MirroredBatch(Device& device, const OwnedBatch& batch) : batch_(batch) {
    std::vector<int32_t> sequence;
    for (size_t n = 0; n < batch.slots.size(); ++n)
      sequence.insert(sequence.end(), static_cast<size_t>(batch.offsets[n + 1] - batch.offsets[n]),
                      static_cast<int32_t>(n));
    there_ = {.offsets = keep(device, batch.offsets),
              .slots = keep(device, batch.slots),
              .past = keep(device, batch.past),
              .pages = keep(device, batch.pages),
              .sequence = keep(device, sequence)};
  }
  BatchView view() const {
    BatchView view = batch_.view();
    view.on_device = there_;
    return view;
  }

 private:
  const int32_t* keep(Device& device, const std::vector<int32_t>& array) {
    const ConstTensorView view{reinterpret_cast<const std::byte*>(array.data()), DType::I32,
                               Shape{std::ssize(array)}};
    memory_.push_back(to_device(device, view));
    return reinterpret_cast<const int32_t*>(memory_.back().view().data);
  }

  OwnedBatch batch_;
  DeviceBatch there_;
  std::vector<Tensor> memory_;
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

  Mirror mirror(std::vector<float> numbers, const Shape& shape, DType type = DType::F32) {
    return {*device, std::move(numbers), shape, type};
  }
  Mirror output(const Shape& shape, DType type = DType::F32) { return {*device, shape, type}; }

  std::shared_ptr<Device> device;
  ThreadPool threads{1};
  Arena host_arena, arena;
  Context host{threads, host_arena};  // the CPU
  Context context{threads, arena};    // the device

 private:
  int64_t bytes_before_ = 0;
};

}  // namespace jet::testing
