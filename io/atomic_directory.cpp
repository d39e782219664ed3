#include "io/atomic_directory.h"

#include <system_error>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "io/descriptor.h"
#include "io/file.h"

namespace jet {
namespace {

// Takes no memory of ours, so that it works also where that has run out.
void remove_with_files(const char* path) noexcept {
  if (DIR* directory = ::opendir(path); directory != nullptr) {
    while (const dirent* entry = ::readdir(directory))
      ::unlinkat(::dirfd(directory), entry->d_name, 0);
    ::closedir(directory);
  }
  ::rmdir(path);
}

}  // namespace

AtomicDirectory::AtomicDirectory(const std::filesystem::path& path) : path_(path) {
  if (file_exists(path_))
    fail("{}: exists already; name a directory that does not", path_.string());
  const std::filesystem::path parent = path_.parent_path();
  std::error_code problem;
  if (!parent.empty()) std::filesystem::create_directories(parent, problem);
  if (problem) fail("{}: cannot be made: {}", parent.string(), problem.message());
  std::filesystem::path temporary =
      parent / fmt::format(".{}.{}.partial", path_.filename().string(), ::getpid());
  if (file_exists(temporary))
    fail("{}: is left from another conversion; remove it", temporary.string());
  constexpr mode_t kMode = 0777;  // the umask takes away
  if (::mkdir(temporary.c_str(), kMode) != 0) fail_errno(path_, "make this directory");
  temporary_ = std::move(temporary);
}

AtomicDirectory::~AtomicDirectory() {
  if (!temporary_.empty()) remove_with_files(temporary_.c_str());
}

void AtomicDirectory::commit() {
  JET_CHECK(!temporary_.empty());
  const Parent parent(path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_errno(path_, "write");
  temporary_.clear();
  parent.flush();
}

}  // namespace jet
