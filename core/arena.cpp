#include "core/arena.h"

#include <algorithm>
#include <cstdlib>

#include "core/device.h"
#include "core/error.h"

namespace jet {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kDeviceAlignment = 256;
constexpr int64_t kSmallestBlock = int64_t{1} << 20;

}  // namespace

std::shared_ptr<std::byte> Arena::allocate(int64_t bytes) const {
  if (device_ != nullptr) return device_->allocate(bytes);
  auto* memory = static_cast<std::byte*>(
      std::aligned_alloc(static_cast<size_t>(kAlignment), static_cast<size_t>(bytes)));
  if (memory == nullptr) fail("out of memory: {} bytes of scratch memory", bytes);
  return {memory, [](std::byte* p) { std::free(p); }};
}

std::byte* Arena::take(int64_t bytes) {
  const int64_t alignment = device_ != nullptr ? kDeviceAlignment : kAlignment;
  const int64_t padded = (bytes + alignment - 1) / alignment * alignment;
  while (block_ < blocks_.size() && used_ + padded > blocks_[block_].bytes) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    const int64_t size = std::max({padded, kSmallestBlock, reserved_bytes()});
    blocks_.push_back({allocate(size), size});
  }
  std::byte* taken = blocks_[block_].memory.get() + used_;
  used_ += padded;
  return taken;
}

TensorView Arena::tensor(const Shape& shape, DType type) {
  TensorView view{nullptr, type, shape};
  view.data = take(view.bytes());
  return view;
}

int64_t Arena::reserved_bytes() const {
  int64_t total = 0;
  for (const Block& block : blocks_) total += block.bytes;
  return total;
}

}  // namespace jet
