// One token of the gated delta rule: two passes over a panel of S that lies in the first cache.
// Compiled once for each instruction set; the best one the machine has is picked at run time.
#include "ops/gated_delta_rule/step.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gated_delta_rule/step.cpp"
// The targets come first, and what is compiled for each of them after.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jet {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

// As many as leave room for S, q, k and the sums in 16 registers.
struct Four {
  Vector a, b, c, d;
};

HWY_INLINE Four load(const float* from) {
  const Floats f;
  const size_t n = hn::Lanes(f);
  return {hn::LoadU(f, from), hn::LoadU(f, from + n), hn::LoadU(f, from + 2 * n),
          hn::LoadU(f, from + 3 * n)};
}

HWY_INLINE void store(const Four& x, float* to) {
  const Floats f;
  const size_t n = hn::Lanes(f);
  hn::StoreU(x.a, f, to);
  hn::StoreU(x.b, f, to + n);
  hn::StoreU(x.c, f, to + 2 * n);
  hn::StoreU(x.d, f, to + 3 * n);
}

HWY_INLINE Four times(const Four& x, Vector y) {
  return {hn::Mul(x.a, y), hn::Mul(x.b, y), hn::Mul(x.c, y), hn::Mul(x.d, y)};
}

// x y + z
HWY_INLINE Four times_plus(const Four& x, Vector y, const Four& z) {
  return {hn::MulAdd(x.a, y, z.a), hn::MulAdd(x.b, y, z.b), hn::MulAdd(x.c, y, z.c),
          hn::MulAdd(x.d, y, z.d)};
}

// z - x y
HWY_INLINE Four minus_times(const Four& z, const Four& x, Vector y) {
  return {hn::NegMulAdd(x.a, y, z.a), hn::NegMulAdd(x.b, y, z.b), hn::NegMulAdd(x.c, y, z.c),
          hn::NegMulAdd(x.d, y, z.d)};
}

int64_t columns() { return static_cast<int64_t>(4 * hn::Lanes(Floats())); }

void step(const DeltaRuleStep& args) {
  const Floats f;
  const Vector decay = hn::Set(f, args.decay), zero = hn::Zero(f);

  Four read{zero, zero, zero, zero};
  for (int64_t i = 0; i < args.keys; ++i)
    read = times_plus(load(args.s + i * args.stride), hn::Set(f, args.k[i]), read);
  const Four delta = times(minus_times(load(args.v), read, decay), hn::Set(f, args.beta));

  Four out{zero, zero, zero, zero};
  for (int64_t i = 0; i < args.keys; ++i) {
    const Four kept = times(load(args.s + i * args.stride), decay);
    const Four s = times_plus(delta, hn::Set(f, args.k[i]), kept);
    store(s, args.s + i * args.stride);
    out = times_plus(s, hn::Set(f, args.q[i]), out);
  }
  store(out, args.y);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(columns);
HWY_EXPORT(step);

}  // namespace

int64_t delta_rule_columns() { return HWY_DYNAMIC_DISPATCH(columns)(); }
void delta_rule_step(const DeltaRuleStep& args) { HWY_DYNAMIC_DISPATCH(step)(args); }

}  // namespace jet
#endif
