// A large range of zeroed memory whose pages the system supplies when they are first touched.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jet {

class LazyMemory {
 public:
  // Huge: 2 MB at a time where the system has them, for memory that will be used throughout.
  enum class Pages { Small, Huge };

  LazyMemory() = default;
  // Throws Error when the address range cannot be had.
  explicit LazyMemory(int64_t bytes, Pages pages = Pages::Small);
  ~LazyMemory();
  LazyMemory(LazyMemory&& other) noexcept;
  LazyMemory& operator=(LazyMemory&& other) noexcept;

  std::byte* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace jet
