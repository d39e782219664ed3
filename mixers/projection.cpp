#include "mixers/projection.h"

#include "ops/linear/linear.h"

namespace jet {

TensorView project(Context& context, ConstTensorView x, const Weight& weight, const Shape& shape,
                   ConstTensorView bias) {
  TensorView y = context.arena.tensor(Shape{x.shape[0], weight.out()});
  const Arena::Scope scratch(context.arena);
  const Linear args{x, weight, bias, y};
  linear(context, args, context.arena.span(linear_workspace(context, args)));
  y.shape = shape;
  return y;
}

void project_into(Context& context, ConstTensorView x, const Weight& weight, TensorView y) {
  const Arena::Scope scratch(context.arena);
  const Linear args{x, weight, {}, y};
  linear(context, args, context.arena.span(linear_workspace(context, args)));
}

}  // namespace jet
