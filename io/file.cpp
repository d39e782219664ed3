// POSIX files: mappings, whole reads, and writes that are renamed into place.
#include "io/file.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "io/descriptor.h"

namespace jet {
namespace {

std::filesystem::file_status status_of(const std::filesystem::path& path) {
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(path, problem);
  if (problem && status.type() != std::filesystem::file_type::not_found)
    fail("{}: cannot be looked at: {}", path.string(), problem.message());
  return status;
}

constexpr int kRead = O_RDONLY | O_NONBLOCK;  // must not wait for a writer where the path is a pipe

size_t size_of(const Descriptor& file, const std::filesystem::path& path) {
  const struct stat status = file.status(path);
  if (S_ISDIR(status.st_mode)) fail("{}: is a directory, expected a file", path.string());
  if (!S_ISREG(status.st_mode)) fail("{}: is not a regular file", path.string());
  return static_cast<size_t>(status.st_size);
}

void read_all(const Descriptor& file, const std::filesystem::path& path, std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t count = ::read(file.value(), to.data(), to.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_errno(path, "read");
    if (count == 0) fail("{}: was cut short while it was read", path.string());
    to = to.subspan(static_cast<size_t>(count));
  }
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const Descriptor file(path, kRead);
  const size_t size = size_of(file, path);
  const std::shared_ptr<MappedFile> mapped(new MappedFile);
  mapped->path_ = path;
  if (size == 0) return mapped;
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (memory == MAP_FAILED) fail_errno(path, "map into memory");
  mapped->bytes_ = {static_cast<const std::byte*>(memory), size};
  return mapped;
}

std::shared_ptr<const MappedFile> MappedFile::read(const std::filesystem::path& path) {
  const Descriptor file(path, kRead);
  const size_t size = size_of(file, path);
  const std::shared_ptr<MappedFile> copy(new MappedFile);
  copy->path_ = path;
  copy->is_copy_ = true;
  if (size == 0) return copy;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail_errno(path, "make room for");
  copy->bytes_ = {static_cast<const std::byte*>(memory), size};
  read_all(file, path, {static_cast<std::byte*>(memory), size});
  return copy;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release_pages() const {
  // Only a wish: what the system keeps is as good.
  if (!bytes_.empty() && !is_copy_)
    ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

bool file_exists(const std::filesystem::path& path) {
  return status_of(path).type() != std::filesystem::file_type::not_found;
}

bool directory_exists(const std::filesystem::path& path) {
  return status_of(path).type() == std::filesystem::file_type::directory;
}

std::string read_text_file(const std::filesystem::path& path, size_t limit) {
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);  // as in MappedFile::open
  const struct stat status = file.status(path);
  if (S_ISDIR(status.st_mode)) fail("{}: is a directory, expected a file", path.string());
  if (!S_ISREG(status.st_mode)) fail("{}: is a pipe or a device, expected a file", path.string());

  // The size is a hint: files under /proc have none, and a file may grow while it is
  // read.
  constexpr size_t kStep = size_t{64} << 10;
  std::string text;
  size_t used = 0;
  text.resize(std::min(static_cast<size_t>(status.st_size), limit) + 1);
  while (true) {
    if (used == text.size()) text.resize(std::min(limit, used + std::max(used, kStep)) + 1);
    const ssize_t got = ::read(file.value(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno(path, "read");
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (used > limit) {
      fail("{}: larger than {} bytes, the most a file of this kind may have", path.string(), limit);
    }
  }
  text.resize(used);
  return text;
}

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path) {
  // A link stays a link: what it points to is replaced.
  if (file_exists(path)) path_ = std::filesystem::canonical(path);
  if (file_exists(path_) && !std::filesystem::is_regular_file(path_))
    fail("{}: is not a plain file, so it cannot be replaced", path.string());
  constexpr mode_t kMode = 0666;  // the umask takes away
  constexpr int kTries = 8;
  for (int i = 0; i < kTries && descriptor_ < 0; ++i) {
    // Process numbers are the same in every container: two may write to one directory.
    uint64_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) fail_errno(path_, "write");
    temporary_ = path_;
    temporary_ += fmt::format(".{:016x}.tmp", random);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
    if (descriptor_ < 0 && errno != EEXIST) break;
  }
  if (descriptor_ < 0) fail_errno(path_, "write");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  JET_CHECK(descriptor_ >= 0);
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno(path_, "write");
    bytes = bytes.subspan(static_cast<size_t>(written));
    position_ += written;
  }
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::commit() {
  JET_CHECK(descriptor_ >= 0);
  if (::fsync(descriptor_) != 0) fail_errno(path_, "flush to disk");
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail_errno(path_, "write");
  const Parent parent(path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_errno(path_, "write");
  temporary_.clear();
  parent.flush();
}

}  // namespace jet
