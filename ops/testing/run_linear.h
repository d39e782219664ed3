// Runs linear for its tests, and packs weights for it.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "ops/linear/linear.h"
#include "ops/packing_preparer.h"
#include "ops/testing/op_test.h"
#include "ops/testing/random_weight.h"

namespace jet::testing {

// Random, packed for the fast path; products with normal numbers are of order 1.
inline Weight packed_weight(DType type, int64_t out, int64_t in, uint64_t seed) {
  return PackingPreparer(2).weight(
      random_weight(type, out, in, seed, 1 / std::sqrt(static_cast<double>(in))).tensor);
}

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
