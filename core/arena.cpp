#include "core/arena.h"

#include <algorithm>
#include <cstdlib>

#include "core/error.h"

namespace jet {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kSmallestBlock = int64_t{1} << 20;

}  // namespace

void Arena::Free::operator()(std::byte* memory) const { std::free(memory); }

std::byte* Arena::take(int64_t bytes) {
  const int64_t padded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  while (block_ < blocks_.size() && used_ + padded > blocks_[block_].bytes) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    const int64_t size = std::max({padded, kSmallestBlock, reserved_bytes()});
    auto* memory = static_cast<std::byte*>(
        std::aligned_alloc(static_cast<size_t>(kAlignment), static_cast<size_t>(size)));
    if (memory == nullptr) fail("out of memory: {} bytes of scratch memory", size);
    blocks_.push_back({std::unique_ptr<std::byte[], Free>(memory), size});
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
