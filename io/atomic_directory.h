// A directory that appears under its name only when complete.
#pragma once

#include <filesystem>

namespace jet {

// Makes a directory under a temporary name beside `path`; commit() flushes it to disk and renames
// it. Without commit it goes, with the files in it (no directories are expected there).
class AtomicDirectory {
 public:
  // Throws Error when there is anything under `path`, or the directory cannot be made. The
  // directories above `path` are made where they are missing, and stay.
  explicit AtomicDirectory(const std::filesystem::path& path);
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }  // write here
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
};

}  // namespace jet
