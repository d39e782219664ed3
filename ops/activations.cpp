// silu of a row. Compiled once for each instruction set; the best one the machine has is picked at
// run time.
#include "ops/activations.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/activations.cpp"
// The targets come first, and what is compiled for each of them after.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jet {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

// As sigmoid() above, of a vector.
HWY_INLINE Vector silu_of(Vector x) {
  const Floats d;
  const Vector one = hn::Set(d, 1.0f);
  const Vector e = hn::Exp(d, hn::Neg(hn::Abs(x)));
  const Vector numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Div(hn::Mul(x, numerator), hn::Add(one, e));
}

void silu_row(const float* x, int64_t n, float* y) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(silu_of(hn::LoadU(d, x + i)), d, y + i);
  if (i == n) return;
  // The last numbers take the same steps in a padded vector.
  HWY_ALIGN float last[hn::MaxLanes(Floats())] = {};
  for (int64_t j = i; j < n; ++j) last[j - i] = x[j];
  hn::Store(silu_of(hn::Load(d, last)), d, last);
  for (int64_t j = i; j < n; ++j) y[j] = last[j - i];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(silu_row);

}  // namespace

void silu(const float* x, int64_t n, float* y) { HWY_DYNAMIC_DISPATCH(silu_row)(x, n, y); }

}  // namespace jet
#endif
