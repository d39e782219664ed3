#include "io/descriptor.h"

#include <cerrno>
#include <system_error>

#include <unistd.h>

#include "core/error.h"

namespace jet {

void fail_errno(const std::filesystem::path& path, std::string_view action) {
  fail("{}: cannot {}: {}", path.string(), action, std::generic_category().message(errno));
}

Descriptor::Descriptor(const std::filesystem::path& path, int flags)
    : value_(::open(path.c_str(), flags | O_CLOEXEC)) {
  if (value_ < 0) fail_errno(path, "open");
}

Descriptor::~Descriptor() { ::close(value_); }

struct stat Descriptor::status(const std::filesystem::path& path) const {
  struct stat status {};
  if (::fstat(value_, &status) != 0) fail_errno(path, "read its size");
  return status;
}

void flush_parent(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor directory(parent, O_RDONLY | O_DIRECTORY);
  // EINVAL: a file system that has no such notion.
  if (::fsync(directory.value()) != 0 && errno != EINVAL) fail_errno(parent, "flush to disk");
}

}  // namespace jet
