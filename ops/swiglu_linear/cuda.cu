// swiglu_linear on CUDA: of a few rows one kernel where both weights have one type, else the
// products and swiglu over their halves.
#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/linear/cuda_few_rows.cuh"
#include "ops/linear/cuda_tiles.cuh"
#include "ops/linear/kernels.h"
#include "ops/linear/tiles.h"
#include "ops/swiglu/kernels.h"
#include "ops/swiglu_linear/kernels.h"

namespace jet {
namespace {

cuda::FewRows few_rows_of(const SwiGluLinear& args) {
  return {.x = args.x.data,
          .w = args.gate.tensor.view().data,
          .w_up = args.up.tensor.view().data,
          .y = args.y.data,
          .rows = static_cast<int>(args.x.shape[0]),
          .in = args.gate.in(),
          .out = args.gate.out(),
          .x_stride = outer_stride(args.x),
          .y_stride = outer_stride(args.y)};
}

// False where this is no product of a few rows.
bool run_few_rows(Context& context, const SwiGluLinear& args) {
  if (cuda_device(context).is_deterministic() || args.x.type != DType::BF16) return false;
  if (args.gate.type() != args.up.type()) return false;
  const cuda::TileProduct call{.rows = few_rows_of(args), .type = args.gate.type()};
  if (has_tiles(call.type) && cuda::has_tile_product(call)) {
    check_cuda(cuda::tile_product(call, cuda_stream(context)), "swiglu_linear");
    return true;
  }
  if (call.type != DType::BF16 || !cuda::has_few_rows(call.rows)) return false;
  check_cuda(cuda::few_rows(call.rows, cuda_stream(context)), "swiglu_linear");
  return true;
}

// [T, F] of a product and of the other, side by side in the rows of one tensor.
TensorView half_of(const SwiGluLinear& args, std::span<std::byte> workspace, int half) {
  const int64_t width = args.y.shape[1];
  TensorView view{workspace.data(), args.y.type, args.y.shape};
  if (workspace.data() != nullptr) view.data += half * width * block_bytes(args.y.type);
  view.row_stride = 2 * width;
  return view;
}

int64_t halves_bytes(const SwiGluLinear& args) {
  constexpr int64_t kAlignment = 256;
  return (2 * args.y.shape.elements() * block_bytes(args.y.type) + kAlignment - 1) / kAlignment *
         kAlignment;
}

}  // namespace

int64_t swiglu_linear_cuda_workspace(const Context& context, const SwiGluLinear& args) {
  const LinearPart parts[] = {{args.gate, {}, half_of(args, {}, 0)},
                              {args.up, {}, half_of(args, {}, 1)}};
  return halves_bytes(args) + linear_cuda_workspace(context, LinearGroup{args.x, parts});
}

void swiglu_linear_cuda(Context& context, const SwiGluLinear& args,
                        std::span<std::byte> workspace) {
  if (run_few_rows(context, args)) return;
  const TensorView gate = half_of(args, workspace, 0), up = half_of(args, workspace, 1);
  const LinearPart parts[] = {{args.gate, {}, gate}, {args.up, {}, up}};
  linear_cuda(context, LinearGroup{args.x, parts},
              workspace.subspan(static_cast<size_t>(halves_bytes(args))));
  swiglu_cuda(context, {gate, up, args.y});
}

}  // namespace jet
