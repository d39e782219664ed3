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

// The directory that holds `path`. A rename is a write to it: it is opened before, so that nothing
// but the flush itself can fail after.
class Parent {
 public:
  explicit Parent(const std::filesystem::path& path);
  void flush() const;  // the names in it reach the disk

 private:
  std::filesystem::path path_;
  Descriptor directory_;
};

}  // namespace jet
