// What reading and writing of files share: descriptors, and errors with the system's reason.
#pragma once

#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace jet {

// Throws Error: "PATH: cannot ACTION: " and what errno says.
[[noreturn]] void fail_errno(const std::filesystem::path& path, std::string_view action);

// A descriptor opened for reading, closed at the end of its scope.
class Descriptor {
 public:
  // Throws Error naming the path.
  explicit Descriptor(const std::filesystem::path& path, int flags = O_RDONLY);
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }
  struct stat status(const std::filesystem::path& path) const;

 private:
  int value_;
};

// The names in the directory of `path` reach the disk: a rename is a write to the directory.
void flush_parent(const std::filesystem::path& path);

}  // namespace jet
