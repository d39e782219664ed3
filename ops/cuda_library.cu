// The entry of libjet_cuda.so: every op's CUDA implementation in one table.
#include <cstring>

#include <jet/error.h>

#include "core/cuda/device.cuh"
#include "core/device_library.h"
#include "ops/add/kernels.h"
#include "ops/device_ops.h"

namespace jet {
namespace {

constexpr DeviceOps kOps{
    .add = add_cuda,
};

}  // namespace
}  // namespace jet

extern "C" __attribute__((visibility("default"))) void jet_open_cuda(
    const jet::DeviceOptions& options, const char* build_id, std::shared_ptr<jet::Device>& device) {
  if (std::strcmp(build_id, JET_BUILD_ID) != 0) {
    throw jet::Error(std::string("CUDA is not available: the library is of build ") + JET_BUILD_ID +
                     ", the program of " + build_id);
  }
  device = std::make_shared<jet::CudaDevice>(options, jet::kOps);
}
