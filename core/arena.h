// Scratch memory for one step: taken by bumping a pointer, given back all at once, kept for the
// next step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/tensor.h"

namespace jet {

class Device;

// Grows in blocks the first time a step needs more and never shrinks, so that a repeated step
// allocates nothing.
class Arena {
 public:
  Arena() = default;
  // In the memory of the device (null: the host's), for tensors of this type where none is named.
  explicit Arena(Device* device, DType numbers = DType::F32) : device_(device), numbers_(numbers) {}

  // Uninitialised bytes, aligned to 64 (on a device 256), valid until the enclosing Scope ends.
  // Throws Error when memory is exhausted.
  std::byte* take(int64_t bytes);
  std::span<std::byte> span(int64_t bytes) { return {take(bytes), static_cast<size_t>(bytes)}; }
  TensorView tensor(const Shape& shape) { return tensor(shape, numbers_); }
  TensorView tensor(const Shape& shape, DType type);
  int64_t reserved_bytes() const;

  // What is taken while a Scope lives is given back when it ends.
  class Scope {
   public:
    explicit Scope(Arena& arena) : arena_(arena), block_(arena.block_), used_(arena.used_) {}
    ~Scope() {
      arena_.block_ = block_;
      arena_.used_ = used_;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Arena& arena_;
    size_t block_;
    int64_t used_;
  };

 private:
  struct Block {
    std::shared_ptr<std::byte> memory;
    int64_t bytes;
  };
  std::shared_ptr<std::byte> allocate(int64_t bytes) const;

  Device* device_ = nullptr;
  DType numbers_ = DType::F32;
  std::vector<Block> blocks_;
  size_t block_ = 0;  // the block in use
  int64_t used_ = 0;  // bytes taken from it
};

}  // namespace jet
