#include "ops/linear/packed_memory.h"

#include <algorithm>

namespace jet {
namespace {

constexpr int64_t kRange = int64_t{64} << 20;  // what is not used of it costs nothing
constexpr int64_t kAlignment = 64;

}  // namespace

PackedMemory::Piece PackedMemory::take(int64_t bytes) {
  if (range_ == nullptr || bytes > range_->bytes() - used_) {
    range_ = std::make_shared<LazyMemory>(std::max(bytes, kRange), LazyMemory::Pages::Huge);
    used_ = 0;
  }
  Piece piece{range_->data() + used_, range_};
  used_ += std::min((bytes + kAlignment - 1) / kAlignment * kAlignment, range_->bytes() - used_);
  return piece;
}

}  // namespace jet
