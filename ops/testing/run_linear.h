// Runs linear for its tests.
#pragma once

#include <span>
#include <vector>

#include "ops/linear/linear.h"
#include "ops/testing/op_test.h"

namespace jet::testing {

// y of x [tokens, in], computed by `threads`, checked to be written everywhere and nowhere else.
inline std::vector<float> run(int threads, std::span<const float> x, const Weight& weight,
                              std::span<const float> bias = {}) {
  OpContext op(threads);
  const int64_t tokens = static_cast<int64_t>(x.size()) / weight.in();
  Guarded y(Shape{tokens, weight.out()});
  Linear args{.x = view_of(x, Shape{tokens, weight.in()}), .weight = weight, .y = y.view()};
  if (!bias.empty()) args.bias = view_of(bias, Shape{weight.out()});
  linear(op.context, args, op.workspace(linear_workspace(op.context, args)));
  y.check();
  return {y.values().begin(), y.values().end()};
}

}  // namespace jet::testing
