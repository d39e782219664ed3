#include "mixers/projection.h"

#include <algorithm>

namespace jet {

TensorView flat(TensorView rows) {
  int64_t width = 1;
  for (const int64_t size : rows.shape.sizes().subspan(1)) width *= size;
  rows.shape = Shape{rows.shape[0], width};
  return rows;
}

TensorView projection_output(Context& context, int64_t rows, const Projection& projection) {
  std::array<int64_t, Shape::kMaxRank> sizes{rows};
  const auto row = projection.row.sizes();
  std::ranges::copy(row, sizes.begin() + 1);
  return context.arena.tensor(Shape(std::span(sizes).first(row.size() + 1)));
}

TensorView project(Context& context, ConstTensorView x, const Projection& projection) {
  const TensorView y = projection_output(context, x.shape[0], projection);
  const LinearPart part{projection.weight, projection.bias.view(), flat(y)};
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
