// Files: read-only mappings, whole small files, and writes that appear under their name only when
// complete.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace jet {

// Is there anything under this name? Throws Error where the question itself fails (a loop of links,
// no permission).
bool file_exists(const std::filesystem::path& path);
bool directory_exists(const std::filesystem::path& path);  // false when there is nothing

// A file mapped read-only; the mapping lives as long as a shared_ptr to it. An empty file maps to
// an empty span.
class MappedFile {
 public:
  // Throws Error naming the path when it is missing, a directory, or cannot be read.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  // The bytes in memory of their own: whoever cuts the file short afterwards does no harm, where a
  // touched mapping would end the process.
  static std::shared_ptr<const MappedFile> read(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }
  // Gives back the memory of what was read so far: it comes from the file again when it is touched.
  void release_pages() const;

 private:
  MappedFile() = default;
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
  bool is_copy_ = false;
};

// A whole file as text, at most `limit` bytes. Throws Error naming the path; a larger file is an
// Error.
std::string read_text_file(const std::filesystem::path& path, size_t limit = size_t{256} << 20);

// Writes to a temporary name beside `path`; commit() flushes to disk and renames. Without commit
// nothing is left.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  int64_t position() const { return position_; }  // bytes written so far
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  int64_t position_ = 0;
};

}  // namespace jet
