#include "runtime/model/placement.h"

#include <algorithm>

#include "core/error.h"
#include "ops/device_preparer.h"
#include "ops/packing_preparer.h"

namespace jet {
namespace {

void open_device(const ModelOptions& options, Placement& placement) {
  if (options.device == DeviceChoice::Cpu) return;
  const DeviceOptions device{.memory_fraction = options.memory_fraction,
                             .deterministic = options.deterministic};
  if (options.device == DeviceChoice::Cuda) {
    placement.device = open_cuda(device);
    return;
  }
  try {
    placement.device = open_cuda(device);
  } catch (const Error& error) {
    placement.reason = error.what();
  }
}

std::unique_ptr<Preparer> cpu_preparer(ComputeType dtype) {
  if (dtype == ComputeType::BF16 || dtype == ComputeType::F16) {
    fail(
        "the CPU computes in f32, not in {}; ask for f32 or auto (weights stay as they are stored)",
        dtype == ComputeType::BF16 ? "bf16" : "f16");
  }
  if (dtype == ComputeType::F32) return std::make_unique<ReferencePreparer>();
  return std::make_unique<PackingPreparer>(available_threads());
}

DType device_numbers(ComputeType dtype) {
  return dtype == ComputeType::F32   ? DType::F32
         : dtype == ComputeType::F16 ? DType::F16
                                     : DType::BF16;
}

BlockWeights device_blocks(ComputeType dtype) {
  return dtype == ComputeType::Auto ? BlockWeights::Kept : BlockWeights::Widened;
}

// Weights that stay blocks are multiplied in another order than those that were widened.
std::string device_computing(const Checkpoint& checkpoint, ComputeType dtype) {
  const bool keeps = device_blocks(dtype) == BlockWeights::Kept &&
                     std::ranges::any_of(checkpoint.tensors, [](const auto& named) {
                       return is_quantised(named.second.type());
                     });
  return fmt::format("{}{} on CUDA", name(device_numbers(dtype)), keeps ? " over blocks" : "");
}

std::unique_ptr<Preparer> device_preparer(const Checkpoint& checkpoint, ComputeType dtype,
                                          const std::shared_ptr<Device>& device) {
  const DType numbers = device_numbers(dtype);
  const BlockWeights blocks = device_blocks(dtype);
  int64_t bytes = 0;
  for (const TensorSpec& tensor : decoder_tensors(checkpoint.spec)) {
    const DType stored = checkpoint.tensors.at(tensor.name).type();
    bytes += DevicePreparer::bytes_of(stored, tensor.shape, numbers, blocks);
  }
  return std::make_unique<DevicePreparer>(device, numbers, blocks, bytes);
}

}  // namespace

Placement place(const Checkpoint& checkpoint, const ModelOptions& options) {
  Placement placement;
  open_device(options, placement);
  placement.preparer = placement.device
                           ? device_preparer(checkpoint, options.dtype, placement.device)
                           : cpu_preparer(options.dtype);
  placement.computing = placement.device ? device_computing(checkpoint, options.dtype)
                        : options.dtype == ComputeType::F32
                            ? "f32 on the CPU"
                            : "f32 with activations of 8 bits on the CPU";
  return placement;
}

}  // namespace jet
