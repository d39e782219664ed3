// linear on CUDA: products by cuBLASLt, of a few rows in bf16 by a kernel that reads the weight as
// fast as memory gives it; layers whose weights and outputs lie side by side are one product.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "core/cuda/products.cuh"
#include "ops/linear/cuda_few_rows.cuh"
#include "ops/linear/kernels.h"
#include "ops/silu/kernels.h"

namespace jet {
namespace {

// Whether b's weight, bias and output begin where a's end, so that one product makes both.
bool lie_side_by_side(const LinearPart& a, const LinearPart& b) {
  const ConstTensorView wa = a.weight.tensor.view(), wb = b.weight.tensor.view();
  const bool has_bias = a.bias.data != nullptr;
  if (has_bias != (b.bias.data != nullptr)) return false;
  if (has_bias && b.bias.data != a.bias.data + a.bias.bytes()) return false;
  return wa.type == wb.type && a.y.type == b.y.type && wb.data == wa.data + wa.bytes() &&
         outer_stride(a.y) == outer_stride(b.y) &&
         b.y.data == a.y.data + a.weight.out() * block_bytes(a.y.type);
}

// What this takes depends on the number of rows, so a deterministic device does without.
bool run_few_rows(Context& context, const ConstTensorView& x, std::span<const LinearPart> parts,
                  int64_t out) {
  const LinearPart& part = parts.front();
  cuda::FewRows call{.x = x.data,
                     .w = part.weight.tensor.view().data,
                     .bias = part.bias.data,
                     .y = part.y.data,
                     .y_is_float = part.y.type == DType::F32,
                     .rows = static_cast<int>(x.shape[0]),
                     .in = part.weight.in(),
                     .out = out,
                     .x_stride = outer_stride(x),
                     .y_stride = outer_stride(part.y)};
  if (cuda_device(context).is_deterministic() || x.type != DType::BF16 ||
      !cuda::has_few_rows(call)) {
    return false;
  }
  int64_t first = 0;
  for (const LinearPart& each : parts) {
    if (each.activation == Activation::Silu) {
      if (call.silu_begin < call.silu_end && call.silu_end != first) return false;
      if (call.silu_begin == call.silu_end) call.silu_begin = first;
      call.silu_end = first + each.weight.out();
    }
    first += each.weight.out();
  }
  check_cuda(cuda::few_rows(call, cuda_stream(context)), "linear");
  return true;
}

}  // namespace

int64_t linear_cuda_workspace(const Context&, const LinearGroup&) {
  return MatrixProducts::kWorkspace;
}

void linear_cuda(Context& context, const LinearGroup& args, std::span<std::byte> workspace) {
  const int64_t tokens = args.x.shape[0];
  if (tokens == 0) return;
  for (size_t first = 0, end = 0; first < args.parts.size(); first = end) {
    const LinearPart& part = args.parts[first];
    if (part.weight.type() != args.x.type) {
      fail_cuda("linear: a weight of " + std::string(name(part.weight.type())) + " with x of " +
                std::string(name(args.x.type)));
    }
    int64_t out = 0;
    for (end = first; end < args.parts.size(); ++end) {
      if (end > first && !lie_side_by_side(args.parts[end - 1], args.parts[end])) break;
      out += args.parts[end].weight.out();
    }
    const auto run = args.parts.subspan(first, end - first);
    if (run_few_rows(context, args.x, run, out)) continue;
    {
      cuda_device(context).products().run({.x = args.x.data,
                                           .w = part.weight.tensor.view().data,
                                           .bias = part.bias.data,
                                           .y = part.y.data,
                                           .rows = tokens,
                                           .in = part.weight.in(),
                                           .out = out,
                                           .x_stride = outer_stride(args.x),
                                           .y_stride = outer_stride(part.y),
                                           .operands = args.x.type,
                                           .result = part.y.type},
                                          workspace, cuda_stream(context));
    }
    for (const LinearPart& each : run) {
      if (each.activation == Activation::Silu) silu_cuda(context, {each.y, each.y});
    }
  }
}

}  // namespace jet
