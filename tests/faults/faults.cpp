#include "tests/faults/faults.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <string_view>

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/json.h"

namespace jet::faults {
namespace {

struct Armed {
  std::atomic<bool> on{false};
  Kind kind = Kind::Memory;
  Extent extent = Extent::Once;
  int64_t n = 0;
  std::atomic<int64_t> calls{0};
  std::array<void*, 64> frames{};  // of the first call that failed
  int depth = 0;
};
Armed armed;

std::atomic<int64_t> memory{0}, mappings{0}, descriptors{0}, allocated{0};

// nlohmann's JSON does not bear want of memory: values take memory to destroy themselves,
// operator[] leaves an object without its map, the constructor from a list leaks, and g++ 12
// forgets the elements of a list of them that is cut short. So what is asked for inside it does not
// fail here, nor in our functions that write JSON, into which it is inlined, nor blocks as large as
// a JSON value's map, array or string (24 and 32 bytes).
bool is_json_value(size_t size) {
  return size == sizeof(Json::object_t) || size == sizeof(Json::array_t) ||
         size == sizeof(Json::string_t);
}

bool in_json(std::span<void* const> frames) {
  for (void* frame : frames) {
    Dl_info info{};
    if (::dladdr(frame, &info) == 0 || info.dli_sname == nullptr) continue;
    const std::string_view name = info.dli_sname;
    if (name.starts_with("_ZN8nlohmann") || name.starts_with("_ZNK8nlohmann")) return true;
    for (const char* writer :
         {"12write_common", "18write_jet_nemotron", "14decoder_config", "14tokenizer_json",
          "21tokenizer_config_json", "22generation_config_json", "16config_from_gguf"}) {
      if (name.find(writer) != std::string_view::npos) return true;
    }
  }
  return false;
}

bool fails(Kind kind) {
  if (!armed.on || armed.kind != kind) return false;
  const int64_t call = armed.calls++;
  if (armed.extent == Extent::Once ? call != armed.n : call < armed.n) return false;
  std::array<void*, 64> frames;
  const int depth = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  if (kind == Kind::Memory && in_json(std::span(frames).first(static_cast<size_t>(depth))))
    return false;
  if (armed.depth == 0) {
    armed.frames = frames;
    armed.depth = depth;
  }
  return true;
}

bool fails_with(Kind kind, int code) {
  if (!fails(kind)) return false;
  errno = code;
  return true;
}

void* take(void* block) {
  if (block != nullptr) ++memory;
  return block;
}

void* allocate(size_t size, size_t alignment) {
  ++allocated;
  if (!is_json_value(size) && fails(Kind::Memory)) throw std::bad_alloc();
  void* block = nullptr;
  if (alignment <= alignof(std::max_align_t)) {
    block = std::malloc(size == 0 ? 1 : size);
  } else if (::posix_memalign(&block, alignment, size) != 0) {
    block = nullptr;
  }
  if (block == nullptr) throw std::bad_alloc();
  return take(block);
}

}  // namespace

Injection::Injection(Kind kind, int64_t n, Extent extent) {
  armed.kind = kind;
  armed.extent = extent;
  armed.n = n;
  armed.calls = 0;
  armed.depth = 0;
  armed.on = true;
}

Injection::~Injection() { stop(); }

void Injection::stop() { armed.on = false; }

bool Injection::reached() const { return armed.calls > armed.n; }

void Injection::print_where() const {
  ::backtrace_symbols_fd(armed.frames.data(), armed.depth, STDERR_FILENO);
}

Held held() { return {memory, mappings, descriptors}; }

int64_t allocations() { return allocated; }

}  // namespace jet::faults

using jet::faults::Kind;

void* operator new(size_t size) { return jet::faults::allocate(size, 0); }
void* operator new(size_t size, std::align_val_t alignment) {
  return jet::faults::allocate(size, static_cast<size_t>(alignment));
}
// The library's own of these call those above; AddressSanitizer's do not, and would be freed by the
// wrong one.
void* operator new[](size_t size) { return operator new(size); }
void* operator new[](size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return operator new(size, std::nothrow);
}

extern "C" {
void* __real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void* block);
void* __real_mmap(void* at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void* at, size_t size);
int __real_open(const char* path, int flags, ...);
int __real_close(int file);
int __real_fstat(int file, struct stat* status);
ssize_t __real_read(int file, void* data, size_t size);
ssize_t __real_write(int file, const void* data, size_t size);
int __real_fsync(int file);
int __real_rename(const char* from, const char* to);
int __real_mkdir(const char* path, mode_t mode);

void* __wrap_aligned_alloc(size_t alignment, size_t size) {
  ++jet::faults::allocated;
  if (jet::faults::fails_with(Kind::Memory, ENOMEM)) return nullptr;
  return jet::faults::take(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void* block) {
  if (block != nullptr) --jet::faults::memory;
  __real_free(block);
}

void* __wrap_mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) {
  const Kind kind = file < 0 ? Kind::Memory : Kind::Files;
  if (jet::faults::fails_with(kind, ENOMEM)) return MAP_FAILED;
  void* range = __real_mmap(at, size, protection, flags, file, offset);
  if (range != MAP_FAILED) ++jet::faults::mappings;
  return range;
}

int __wrap_munmap(void* at, size_t size) {
  --jet::faults::mappings;
  return __real_munmap(at, size);
}

int __wrap_open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  if (jet::faults::fails_with(Kind::Files, EMFILE)) return -1;
  const int file = __real_open(path, flags, mode);
  if (file >= 0) ++jet::faults::descriptors;
  return file;
}

// As on Linux: the descriptor is gone also where close fails.
int __wrap_close(int file) {
  const bool failed = jet::faults::fails(Kind::Files);
  --jet::faults::descriptors;
  const int result = __real_close(file);
  if (!failed) return result;
  errno = EIO;
  return -1;
}

int __wrap_fstat(int file, struct stat* status) {
  return jet::faults::fails_with(Kind::Files, EIO) ? -1 : __real_fstat(file, status);
}

ssize_t __wrap_read(int file, void* data, size_t size) {
  return jet::faults::fails_with(Kind::Files, EIO) ? -1 : __real_read(file, data, size);
}

ssize_t __wrap_write(int file, const void* data, size_t size) {
  return jet::faults::fails_with(Kind::Files, ENOSPC) ? -1 : __real_write(file, data, size);
}

int __wrap_fsync(int file) {
  return jet::faults::fails_with(Kind::Files, EIO) ? -1 : __real_fsync(file);
}

int __wrap_rename(const char* from, const char* to) {
  return jet::faults::fails_with(Kind::Files, EACCES) ? -1 : __real_rename(from, to);
}

int __wrap_mkdir(const char* path, mode_t mode) {
  return jet::faults::fails_with(Kind::Files, EACCES) ? -1 : __real_mkdir(path, mode);
}
}

void operator delete(void* block) noexcept { __wrap_free(block); }
void operator delete(void* block, size_t) noexcept { __wrap_free(block); }
void operator delete(void* block, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete[](void* block) noexcept { __wrap_free(block); }
void operator delete[](void* block, size_t) noexcept { __wrap_free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete[](void* block, size_t, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { __wrap_free(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { __wrap_free(block); }
