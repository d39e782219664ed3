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

Parent::Parent(const std::filesystem::path& path)
    : path_(path.has_parent_path() ? path.parent_path() : "."),
      directory_(path_, O_RDONLY | O_DIRECTORY) {}

void Parent::flush() const {
  // EINVAL: a file system that has no such notion.
  if (::fsync(directory_.value()) != 0 && errno != EINVAL) fail_errno(path_, "flush to disk");
}

}  // namespace jet
