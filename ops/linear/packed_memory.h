// Memory for packed weights: pieces of large ranges with huge pages. A decoding step reads all of
// it once, and with pages of 4 KB waits for their tables a third of the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/lazy_memory.h"

namespace jet {

class PackedMemory {
 public:
  struct Piece {
    std::byte* data;  // zeroed, aligned to 64
    std::shared_ptr<const void> owner;
  };
  // Throws Error when memory is exhausted.
  Piece take(int64_t bytes);

 private:
  std::shared_ptr<LazyMemory> range_;
  int64_t used_ = 0;
};

}  // namespace jet
