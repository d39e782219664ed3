// For fuzzers: bytes as a file in memory, for readers that take a path.
#pragma once

#include <cstdint>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"

namespace jet {

class FuzzFile {
 public:
  FuzzFile(const uint8_t* data, size_t size) : descriptor_(::memfd_create("fuzz", 0)) {
    JET_CHECK(descriptor_ >= 0);
    JET_CHECK(::write(descriptor_, data, size) == static_cast<ssize_t>(size));
  }
  ~FuzzFile() { ::close(descriptor_); }
  FuzzFile(const FuzzFile&) = delete;
  FuzzFile& operator=(const FuzzFile&) = delete;

  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

}  // namespace jet
