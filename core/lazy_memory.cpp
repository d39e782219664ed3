#include "core/lazy_memory.h"

#include <utility>

#include <sys/mman.h>

#include "core/error.h"

namespace jet {

LazyMemory::LazyMemory(int64_t bytes, Pages pages) : bytes_(bytes) {
  if (bytes == 0) return;
  void* memory = mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fail("out of memory: a range of {} bytes cannot be had", bytes);
  // Only a wish: without huge pages the memory is as good, and slower.
  if (pages == Pages::Huge) madvise(memory, static_cast<size_t>(bytes), MADV_HUGEPAGE);
  data_ = static_cast<std::byte*>(memory);
}

LazyMemory::~LazyMemory() {
  if (data_ != nullptr) munmap(data_, static_cast<size_t>(bytes_));
}

LazyMemory::LazyMemory(LazyMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

LazyMemory& LazyMemory::operator=(LazyMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace jet
