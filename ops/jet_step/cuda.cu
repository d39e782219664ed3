// jet_step on CUDA: one kernel in bf16 at the widths it knows (cuda_step.cuh), else the ops it is
// made of.
#include <cmath>

#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/delta_gates/kernels.h"
#include "ops/dynamic_conv/kernels.h"
#include "ops/gated_delta_rule/kernels.h"
#include "ops/gated_rms_norm/kernels.h"
#include "ops/jet_step/cuda_step.cuh"
#include "ops/jet_step/kernels.h"
#include "ops/silu_l2_norm/kernels.h"

namespace jet {
namespace {

cuda::JetStep call_of(const Context& context, const JetStep& args) {
  const DeviceBatch& batch = args.batch.on_device;
  return {.q = args.q.data,
          .k = args.k.data,
          .u = args.u.data,
          .gate = args.gate.data,
          .a = args.a.data,
          .b = args.b.data,
          .convolution_taps = args.taps.data,
          .y = args.y.data,
          .q_stride = outer_stride(args.q),
          .k_stride = outer_stride(args.k),
          .u_stride = outer_stride(args.u),
          .gate_stride = outer_stride(args.gate),
          .a_stride = outer_stride(args.a),
          .b_stride = outer_stride(args.b),
          .taps_stride = outer_stride(args.taps),
          .y_stride = outer_stride(args.y),
          .a_log = args.a_log.f32(),
          .dt_bias = args.dt_bias.f32(),
          .norm_weight = args.o_norm.f32(),
          .norm_eps = args.norm_eps,
          .l2_eps = args.l2_eps,
          .from_slots = batch.slots,
          .to_slots = batch.slots,
          .past = batch.past,
          .sequences = static_cast<int>(args.batch.sequences()),
          .heads = static_cast<int>(args.q.shape[1]),
          .keys = static_cast<int>(args.q.shape[2]),
          .values = static_cast<int>(args.gate.shape[2]),
          .taps = static_cast<int>(args.taps.shape[2]),
          .state = args.recurrent_state.data,
          .state_is_bf16 = args.recurrent_state.type == DType::BF16,
          .convolution = args.conv_state.data,
          .seed = args.seed,
          // A cluster of blocks for few sequences would add up in another order.
          .portable = !cuda_device(context).is_hopper() || cuda_device(context).is_deterministic(),
          // A step begins with a copy of its batch, and has one step of each state.
          .state_is_settled = true};
}

bool is_piecewise_aligned(const ConstTensorView& view) {
  return reinterpret_cast<uintptr_t>(view.data) % 16 == 0 && outer_stride(view) % 8 == 0;
}

// A row for every sequence, all in bf16.
bool is_one_kernel(const Context& context, const JetStep& args) {
  return args.q.type == DType::BF16 && args.conv_state.type == DType::BF16 &&
         args.batch.tokens() == args.batch.sequences() && is_piecewise_aligned(args.q) &&
         is_piecewise_aligned(args.k) && is_piecewise_aligned(args.u) &&
         is_piecewise_aligned(args.gate) && is_piecewise_aligned(args.taps) &&
         cuda::has_jet_step(call_of(context, args));
}

// What lies between the parts.
struct Scratch {
  TensorView q, k, v, mixed;  // of the numbers' type
  TensorView g, beta;         // float32
  int64_t bytes = 0;

  Scratch(const JetStep& args, std::byte* memory) {
    const int64_t rows = args.q.shape[0], heads = args.q.shape[1];
    const auto take = [&](DType type, const Shape& shape) {
      TensorView view{memory == nullptr ? nullptr : memory + bytes, type, shape};
      bytes += (view.bytes() + 255) / 256 * 256;
      return view;
    };
    q = take(args.q.type, args.q.shape);
    k = take(args.q.type, args.q.shape);
    v = take(args.q.type, args.gate.shape);
    mixed = take(args.q.type, args.gate.shape);
    g = take(DType::F32, Shape{rows, heads});
    beta = take(DType::F32, Shape{rows, heads});
  }
};

}  // namespace

int64_t jet_step_cuda_workspace(const Context& context, const JetStep& args) {
  return is_one_kernel(context, args) ? 0 : Scratch(args, nullptr).bytes;
}

void jet_step_cuda(Context& context, const JetStep& args, std::span<std::byte> workspace) {
  if (args.q.shape[0] == 0) return;
  if (is_one_kernel(context, args)) {
    check_cuda(cuda::jet_step(call_of(context, args), cuda_stream(context)), "jet_step");
    return;
  }
  const Scratch s(args, workspace.data());
  const float scale = 1.0f / std::sqrt(static_cast<float>(args.q.shape[2]));
  silu_l2_norm_cuda(context, {args.q, scale, args.l2_eps, s.q});
  silu_l2_norm_cuda(context, {args.k, 1.0f, args.l2_eps, s.k});
  TensorView flat = s.v;
  flat.shape = Shape{args.u.shape[0], args.u.shape[1]};
  dynamic_conv_cuda(context, {args.u, args.taps, args.batch, args.conv_state, flat});
  delta_gates_cuda(context, {args.a, args.b, args.a_log, args.dt_bias, s.g, s.beta});
  gated_delta_rule_cuda(
      context, {s.q, s.k, s.v, s.g, s.beta, args.batch, args.recurrent_state, s.mixed}, {});
  gated_rms_norm_cuda(context, {s.mixed, args.gate, args.o_norm, args.norm_eps, args.y});
}

}  // namespace jet
