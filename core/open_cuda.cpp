// Finding and opening libjet_cuda.so.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <dlfcn.h>
#include <fmt/ranges.h>

#include "core/device_library.h"
#include "core/error.h"

namespace jet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "libjet_cuda.so";

std::vector<fs::path> places() {
  if (const char* named = std::getenv("JET_CUDA_LIBRARY")) return {named};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {program / kName, (program / ".." / JET_LIBRARY_FOLDER / kName).lexically_normal()};
}

// Stays open until the program ends: devices and their memory may outlive any owner of a handle.
void* open_library() {
  const std::vector<fs::path> list = places();
  std::error_code error;
  for (const fs::path& place : list) {
    if (!fs::exists(place, error)) continue;
    if (void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    fail("CUDA is not available: {}", dlerror());
  }
  std::vector<std::string> names;
  names.reserve(list.size());
  for (const fs::path& place : list) names.push_back(place.string());
  fail("CUDA is not available: this build has no CUDA library; looked for {}",
       fmt::join(names, " and "));
}

}  // namespace

std::shared_ptr<Device> open_cuda(const DeviceOptions& options) {
  void* library = open_library();
  const auto open = reinterpret_cast<OpenCuda>(dlsym(library, kOpenCudaSymbol));
  if (open == nullptr) fail("CUDA is not available: {}", dlerror());
  std::shared_ptr<Device> device;
  open(options, JET_BUILD_ID, device);
  return device;
}

}  // namespace jet
