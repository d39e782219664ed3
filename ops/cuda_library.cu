// The entry of libjet_cuda.so: every op's CUDA implementation in one table.
#include <cstring>

#include <jet/error.h>

#include "core/cuda/device.cuh"
#include "core/device_library.h"
#include "ops/add/kernels.h"
#include "ops/add_rms_norm/kernels.h"
#include "ops/attention/kernels.h"
#include "ops/delta_gates/kernels.h"
#include "ops/device_ops.h"
#include "ops/dynamic_conv/kernels.h"
#include "ops/embedding/kernels.h"
#include "ops/gated_delta_rule/kernels.h"
#include "ops/gated_rms_norm/kernels.h"
#include "ops/gather_rows/kernels.h"
#include "ops/jet_step/kernels.h"
#include "ops/kv_append/kernels.h"
#include "ops/linear/kernels.h"
#include "ops/rms_norm/kernels.h"
#include "ops/rope/kernels.h"
#include "ops/silu/kernels.h"
#include "ops/silu_l2_norm/kernels.h"
#include "ops/swiglu/kernels.h"
#include "ops/swiglu_linear/kernels.h"

namespace jet {
namespace {

constexpr DeviceOps kOps{
    .add = add_cuda,
    .add_rms_norm = add_rms_norm_cuda,
    .attention_workspace = attention_cuda_workspace,
    .attention = attention_cuda,
    .delta_gates = delta_gates_cuda,
    .dynamic_conv = dynamic_conv_cuda,
    .embedding = embedding_cuda,
    .gated_delta_rule_workspace = gated_delta_rule_cuda_workspace,
    .gated_delta_rule = gated_delta_rule_cuda,
    .gated_rms_norm = gated_rms_norm_cuda,
    .gather_rows = gather_rows_cuda,
    .jet_step_workspace = jet_step_cuda_workspace,
    .jet_step = jet_step_cuda,
    .kv_append = kv_append_cuda,
    .linear_workspace = linear_cuda_workspace,
    .linear = linear_cuda,
    .rms_norm = rms_norm_cuda,
    .rope = rope_cuda,
    .silu = silu_cuda,
    .silu_l2_norm = silu_l2_norm_cuda,
    .swiglu = swiglu_cuda,
    .swiglu_linear_workspace = swiglu_linear_cuda_workspace,
    .swiglu_linear = swiglu_linear_cuda,
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
