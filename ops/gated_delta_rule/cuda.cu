// gated_delta_rule on CUDA: prompts in chunks where the kernels know the widths, else token by
// token in float32.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/gated_delta_rule/cuda.cuh"
#include "ops/gated_delta_rule/kernels.h"

namespace jet {
namespace {

cuda::GatedDeltaRule call_of(const Context& context, const GatedDeltaRule& args) {
  const DeviceBatch& batch = args.batch.on_device;
  const CudaDevice& device = cuda_device(context);
  cuda::GatedDeltaRule call{.q = args.q.data,
                            .k = args.k.data,
                            .v = args.v.data,
                            .y = args.y.data,
                            .is_bf16 = args.q.type == DType::BF16,
                            .q_stride = outer_stride(args.q),
                            .k_stride = outer_stride(args.k),
                            .v_stride = outer_stride(args.v),
                            .y_stride = outer_stride(args.y),
                            .g = args.g.f32(),
                            .beta = args.beta.f32(),
                            .offsets = batch.offsets,
                            .slots = batch.slots,
                            .past = batch.past,
                            .sequences = static_cast<int>(args.batch.sequences()),
                            .tokens = static_cast<int>(args.q.shape[0]),
                            .heads = static_cast<int>(args.q.shape[1]),
                            .keys = static_cast<int>(args.q.shape[2]),
                            .values = static_cast<int>(args.v.shape[2]),
                            .state = args.state.data,
                            .state_is_bf16 = args.state.type == DType::BF16,
                            .portable = !device.is_hopper()};
  if (!device.is_deterministic())
    call.segments = cuda::gated_delta_rule_segments(call, device.multiprocessors());
  return call;
}

bool runs_in_chunks(const GatedDeltaRule& args) {
  const auto in_pieces = [](const ConstTensorView& rows) {  // of 16 bytes
    return outer_stride(rows) % 8 == 0 && reinterpret_cast<uintptr_t>(rows.data) % 16 == 0;
  };
  return args.q.type == DType::BF16 && args.batch.tokens() > args.batch.sequences() &&
         in_pieces(args.q) && in_pieces(args.k) && in_pieces(args.v) && in_pieces(args.y) &&
         cuda::gated_delta_rule_has_chunks(static_cast<int>(args.q.shape[2]),
                                           static_cast<int>(args.v.shape[2]));
}

}  // namespace

int64_t gated_delta_rule_cuda_workspace(const Context& context, const GatedDeltaRule& args) {
  if (!runs_in_chunks(args)) return 0;
  return static_cast<int64_t>(cuda::gated_delta_rule_workspace(call_of(context, args)));
}

void gated_delta_rule_cuda(Context& context, const GatedDeltaRule& args,
                           std::span<std::byte> workspace) {
  if (args.q.shape[0] == 0) return;
  if (args.q.type == DType::F16) fail_cuda("gated_delta_rule: f16 numbers, expected f32 or bf16");
  cuda::GatedDeltaRule call = call_of(context, args);
  call.workspace = workspace.data();
  const cudaStream_t stream = cuda_stream(context);
  check_cuda(runs_in_chunks(args) ? cuda::gated_delta_rule_chunks(call, stream)
                                  : cuda::gated_delta_rule_steps(call, stream),
             "gated_delta_rule");
}

}  // namespace jet
