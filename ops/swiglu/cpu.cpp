// swiglu on the CPU: threads over the numbers, the exponential in SIMD.
// Compiled once for each instruction set; the best one the machine has is picked at run time.
#include <algorithm>

#include "ops/swiglu/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/swiglu/cpu.cpp"
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

// x / (1 + exp(-x)), written with exp(-|x|), which cannot overflow: -1000 gives -0.
HWY_INLINE Vector silu(Vector x) {
  const Floats d;
  const Vector one = hn::Set(d, 1.0f);
  const Vector e = hn::Exp(d, hn::Neg(hn::Abs(x)));
  const Vector numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Div(hn::Mul(x, numerator), hn::Add(one, e));
}

// y may alias gate or up.
void gated(const float* gate, const float* up, int64_t n, float* y) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(hn::Mul(silu(hn::LoadU(d, gate + i)), hn::LoadU(d, up + i)), d, y + i);
  if (i == n) return;
  // The last numbers take the same steps in a padded vector, so that they have the same bits.
  HWY_ALIGN float last_gate[hn::MaxLanes(Floats())] = {};
  HWY_ALIGN float last_up[hn::MaxLanes(Floats())] = {};
  std::copy(gate + i, gate + n, last_gate);
  std::copy(up + i, up + n, last_up);
  hn::Store(hn::Mul(silu(hn::Load(d, last_gate)), hn::Load(d, last_up)), d, last_gate);
  std::copy(last_gate, last_gate + (n - i), y + i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(gated);

constexpr int64_t kGrain = 4096;  // numbers: fewer are not worth waking a thread

}  // namespace

void swiglu_cpu(Context& context, const SwiGlu& args) {
  const float* gate = args.gate.f32();
  const float* up = args.up.f32();
  float* y = args.y.f32();
  const auto run = HWY_DYNAMIC_DISPATCH(gated);
  context.threads.parallel_for(args.gate.shape.elements(), kGrain,
                               [=](int64_t begin, int64_t end, int) {
                                 run(gate + begin, up + begin, end - begin, y + begin);
                               });
}

}  // namespace jet
#endif
