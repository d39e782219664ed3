// linear on CUDA: products by cuBLASLt, of a few rows by kernels that read the weight as fast as
// memory gives it; layers whose weights and outputs lie side by side are one product. Weights in
// tiles meet more rows widened to bf16, some rows of them at a time.
#include <algorithm>

#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "core/cuda/products.cuh"
#include "ops/linear/cuda_few_rows.cuh"
#include "ops/linear/cuda_tiles.cuh"
#include "ops/linear/kernels.h"
#include "ops/linear/tiles.h"
#include "ops/silu/kernels.h"

namespace jet {
namespace {

// Of widened tiles: stays in the second cache between its two kernels.
constexpr int64_t kWidenedBytes = int64_t{24} << 20;

int64_t stored_bytes(const Weight& weight) {
  return has_tiles(weight.type()) ? tiles_bytes(weight.type(), weight.out(), weight.in())
                                  : weight.tensor.view().bytes();
}

// Whether the outputs of b begin where those of a end.
bool continues(const LinearPart& a, const LinearPart& b) {
  return a.y.type == b.y.type && outer_stride(a.y) == outer_stride(b.y) &&
         b.y.data == a.y.data + a.weight.out() * block_bytes(a.y.type);
}

// Whether b's weight, bias and output begin where a's end, so that one product makes both.
bool lie_side_by_side(const LinearPart& a, const LinearPart& b) {
  const ConstTensorView wa = a.weight.tensor.view(), wb = b.weight.tensor.view();
  const bool has_bias = a.bias.data != nullptr;
  if (has_bias != (b.bias.data != nullptr)) return false;
  if (has_bias && b.bias.data != a.bias.data + a.bias.bytes()) return false;
  if (has_tiles(wa.type) && a.weight.out() % kTileRows != 0) return false;
  return wa.type == wb.type && wb.data == wa.data + stored_bytes(a.weight) && continues(a, b);
}

// The parts from `first` on that are one product.
std::span<const LinearPart> run_from(std::span<const LinearPart> parts, size_t first) {
  size_t end = first + 1;
  while (end < parts.size() && lie_side_by_side(parts[end - 1], parts[end])) ++end;
  return parts.subspan(first, end - first);
}

int64_t outputs_of(std::span<const LinearPart> run) {
  int64_t out = 0;
  for (const LinearPart& part : run) out += part.weight.out();
  return out;
}

// False where activations are not of one range of outputs.
bool set_activations(std::span<const LinearPart> run, cuda::FewRows& call) {
  int64_t first = 0;
  for (const LinearPart& each : run) {
    if (each.activation == Activation::Silu) {
      if (call.silu_begin < call.silu_end && call.silu_end != first) return false;
      if (call.silu_begin == call.silu_end) call.silu_begin = first;
      call.silu_end = first + each.weight.out();
    }
    first += each.weight.out();
  }
  return true;
}

cuda::FewRows few_rows_of(const ConstTensorView& x, std::span<const LinearPart> run) {
  const LinearPart& part = run.front();
  return {.x = x.data,
          .w = part.weight.tensor.view().data,
          .bias = part.bias.data,
          .y = part.y.data,
          .y_is_float = part.y.type == DType::F32,
          .rows = static_cast<int>(x.shape[0]),
          .in = part.weight.in(),
          .out = outputs_of(run),
          .x_stride = outer_stride(x),
          .y_stride = outer_stride(part.y)};
}

// What these two take depends on the number of rows, so a deterministic device does without.
bool run_few_rows(Context& context, const ConstTensorView& x, std::span<const LinearPart> run) {
  cuda::FewRows call = few_rows_of(x, run);
  if (cuda_device(context).is_deterministic() || x.type != DType::BF16 ||
      !cuda::has_few_rows(call) || !set_activations(run, call)) {
    return false;
  }
  check_cuda(cuda::few_rows(call, cuda_stream(context)), "linear");
  return true;
}

// `next`: the run after it, empty for none; taken along where it is of bf16 and its outputs follow.
// The number of parts done: 0 where this is no product of a few rows.
size_t run_tile_product(Context& context, const ConstTensorView& x, std::span<const LinearPart> run,
                        std::span<const LinearPart> next) {
  cuda::TileProduct call{.rows = few_rows_of(x, run), .type = run.front().weight.type()};
  if (cuda_device(context).is_deterministic() || !cuda::has_tile_product(call) ||
      !set_activations(run, call.rows)) {
    return 0;
  }
  const bool is_plain = std::ranges::all_of(next, [](const LinearPart& part) {
    return part.bias.data == nullptr && part.activation == Activation::None;
  });
  size_t done = run.size();
  if (!next.empty() && is_plain && next.front().weight.type() == DType::BF16 &&
      continues(run.back(), next.front())) {
    cuda::TileProduct both = call;
    both.more = next.front().weight.tensor.view().data;
    both.more_out = outputs_of(next);
    if (cuda::has_tile_product(both)) {
      call = both;
      done += next.size();
    }
  }
  check_cuda(cuda::tile_product(call, cuda_stream(context)), "linear");
  return done;
}

void run_product(Context& context, const ConstTensorView& x, const LinearPart& part, int64_t out,
                 std::span<std::byte> workspace) {
  cuda_device(context).products().run({.x = x.data,
                                       .w = part.weight.tensor.view().data,
                                       .bias = part.bias.data,
                                       .y = part.y.data,
                                       .rows = x.shape[0],
                                       .in = part.weight.in(),
                                       .out = out,
                                       .x_stride = outer_stride(x),
                                       .y_stride = outer_stride(part.y),
                                       .operands = x.type,
                                       .result = part.y.type},
                                      workspace, cuda_stream(context));
}

// Rows of the weight that are widened at once.
int64_t widened_rows(const Weight& weight) {
  const int64_t row = weight.in() * block_bytes(DType::BF16);
  return std::max<int64_t>(kTileRows, kWidenedBytes / row / kTileRows * kTileRows);
}

void run_widened(Context& context, const ConstTensorView& x, const LinearPart& part, int64_t out,
                 std::span<std::byte> workspace) {
  const DType type = part.weight.type();
  const int64_t in = part.weight.in(), many = widened_rows(part.weight);
  const auto room = workspace.subspan(static_cast<size_t>(MatrixProducts::kWorkspace));
  for (int64_t begin = 0; begin < out; begin += many) {
    const int64_t count = std::min(many, out - begin);
    check_cuda(
        cuda::widen_tiles(type, part.weight.tensor.view().data + tiles_bytes(type, begin, in),
                          count, in, room.data(), cuda_stream(context)),
        "linear");
    const Weight widened{Tensor({room.data(), DType::BF16, Shape{count, in}}, {})};
    LinearPart slice{widened, part.bias, part.y};
    slice.y.data += begin * block_bytes(part.y.type);
    slice.y.row_stride = outer_stride(part.y);
    if (part.bias.data != nullptr) slice.bias.data += begin * block_bytes(part.bias.type);
    run_product(context, x, slice, count,
                workspace.first(static_cast<size_t>(MatrixProducts::kWorkspace)));
  }
}

void expect_types(const ConstTensorView& x, const LinearPart& part) {
  const DType type = part.weight.type();
  if (type == x.type || (has_tiles(type) && x.type == DType::BF16)) return;
  fail_cuda("linear: a weight of " + std::string(name(type)) + " with x of " +
            std::string(name(x.type)));
}

}  // namespace

int64_t linear_cuda_workspace(const Context&, const LinearGroup& args) {
  int64_t widened = 0;
  for (const LinearPart& part : args.parts) {
    if (has_tiles(part.weight.type()))
      widened = std::max(widened, widened_rows(part.weight) * part.weight.in() * 2);
  }
  return MatrixProducts::kWorkspace + widened;
}

void linear_cuda(Context& context, const LinearGroup& args, std::span<std::byte> workspace) {
  if (args.x.shape[0] == 0) return;
  for (const LinearPart& part : args.parts) expect_types(args.x, part);
  for (size_t first = 0; first < args.parts.size();) {
    const auto run = run_from(args.parts, first);
    const LinearPart& part = run.front();
    first += run.size();
    if (has_tiles(part.weight.type())) {
      const auto next =
          first < args.parts.size() ? run_from(args.parts, first) : std::span<const LinearPart>();
      if (const size_t done = run_tile_product(context, args.x, run, next); done > 0) {
        first += done - run.size();
        continue;
      }
      run_widened(context, args.x, part, outputs_of(run), workspace);
    } else {
      if (run_few_rows(context, args.x, run)) continue;
      run_product(context, args.x, part, outputs_of(run),
                  workspace.first(static_cast<size_t>(MatrixProducts::kWorkspace)));
    }
    for (const LinearPart& each : run) {
      if (each.activation == Activation::Silu) silu_cuda(context, {each.y, each.y});
    }
  }
}

}  // namespace jet
