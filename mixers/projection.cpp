#include "mixers/projection.h"

#include <algorithm>

namespace jet {
namespace {

constexpr int64_t kBegin = 8;  // numbers: 16 bytes of 16-bit ones

// Where an output begins after `taken` numbers of a row: what kernels read in pieces of 16 bytes,
// at a multiple of them; narrow ones (a number a head) at once.
int64_t begin_after(int64_t taken, int64_t width) {
  return width % kBegin == 0 ? (taken + kBegin - 1) / kBegin * kBegin : taken;
}

Shape output_shape(int64_t rows, const Projection& projection) {
  std::array<int64_t, Shape::kMaxRank> sizes{rows};
  const auto row = projection.row.sizes();
  std::ranges::copy(row, sizes.begin() + 1);
  return Shape(std::span(sizes).first(row.size() + 1));
}

}  // namespace

TensorView flat(TensorView rows) {
  int64_t width = 1;
  for (const int64_t size : rows.shape.sizes().subspan(1)) width *= size;
  rows.shape = Shape{rows.shape[0], width};
  return rows;
}

TensorView projection_output(Context& context, int64_t rows, const Projection& projection) {
  return context.arena.tensor(output_shape(rows, projection));
}

ProjectionOutputs::ProjectionOutputs(Context& context, int64_t rows,
                                     std::span<const Projection> projections)
    : context_(context), rows_(rows) {
  if (context.device == nullptr) return;
  int64_t width = 0;
  for (const Projection& projection : projections)
    width = begin_after(width, projection.weight.out()) + projection.weight.out();
  all_ = context.arena.tensor(Shape{rows, begin_after(width, kBegin)});
}

TensorView ProjectionOutputs::take(const Projection& projection) {
  if (context_.device == nullptr) return projection_output(context_, rows_, projection);
  const int64_t begin = begin_after(taken_, projection.weight.out());
  TensorView view = all_;
  view.data += begin * block_bytes(all_.type);
  view.row_stride = all_.shape[1];
  view.shape = output_shape(rows_, projection);
  taken_ = begin + projection.weight.out();
  return view;
}

TensorView project(Context& context, ConstTensorView x, const Projection& projection) {
  const TensorView y = projection_output(context, x.shape[0], projection);
  const LinearPart part{projection.weight, projection.bias.view(), flat(y), projection.activation};
  project_all(context, x, {&part, 1});
  return y;
}

void project_into(Context& context, ConstTensorView x, const Weight& weight, TensorView y) {
  const LinearPart part{weight, {}, y};
  project_all(context, x, {&part, 1});
}

void project_all(Context& context, ConstTensorView x, std::span<const LinearPart> parts) {
  const Arena::Scope scratch(context.arena);
  const LinearGroup args{x, parts};
  linear(context, args, context.arena.span(linear_workspace(context, args)));
}

}  // namespace jet
