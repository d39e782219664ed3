#include "mixers/projection.h"

#include "ops/linear/linear.h"

namespace jet {

TensorView project(Context& context, ConstTensorView x, const Weight& weight, const Shape& shape,
                   ConstTensorView bias) {
  TensorView y = context.arena.tensor(Shape{x.shape[0], weight.out()});
  const Arena::Scope scratch(context.arena);
  linear(context, {x, weight, bias, y}, context.arena.span(linear_workspace(context, weight)));
  y.shape = shape;
  return y;
}

void project_into(Context& context, ConstTensorView x, const Weight& weight, TensorView y) {
  const Arena::Scope scratch(context.arena);
  linear(context, {x, weight, {}, y}, context.arena.span(linear_workspace(context, weight)));
}

}  // namespace jet
