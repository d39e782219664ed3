// gated_delta_rule as the equations read, in float64.
#include <cmath>

#include "ops/gated_delta_rule/kernels.h"

namespace jet {

GatedDeltaRuleReference gated_delta_rule_reference(const GatedDeltaRule& args) {
  const int64_t heads = args.q.shape[1], keys = args.q.shape[2], values = args.v.shape[2];
  const auto at = [](int64_t i) { return static_cast<size_t>(i); };
  GatedDeltaRuleReference reference;
  reference.y.resize(at(args.y.shape.elements()));
  reference.state.assign(args.state.f32(), args.state.f32() + args.state.shape.elements());
  std::vector<double> s(at(keys * values));
  for (int64_t n = 0; n < args.batch.sequences(); ++n) {
    const int64_t slot = args.batch.slots[at(n)];
    const bool is_empty = args.batch.offsets[at(n)] == args.batch.offsets[at(n) + 1];
    for (int64_t h = 0; h < heads && !is_empty; ++h) {
      double* stored = reference.state.data() + (slot * heads + h) * keys * values;
      if (slot < 0 || args.batch.past[at(n)] == 0) {
        s.assign(s.size(), 0);
      } else {
        s.assign(stored, stored + keys * values);
      }
      for (int64_t t = args.batch.offsets[at(n)]; t < args.batch.offsets[at(n) + 1]; ++t) {
        const int64_t row = t * heads + h;
        const float* q = args.q.f32() + row * keys;
        const float* k = args.k.f32() + row * keys;
        for (double& x : s) x *= std::exp(double{args.g.f32()[row]});
        for (int64_t c = 0; c < values; ++c) {
          double read = 0, out = 0;
          for (int64_t i = 0; i < keys; ++i) read += s[at(i * values + c)] * k[i];
          const double delta = args.beta.f32()[row] * (args.v.f32()[row * values + c] - read);
          for (int64_t i = 0; i < keys; ++i) s[at(i * values + c)] += k[i] * delta;
          for (int64_t i = 0; i < keys; ++i) out += s[at(i * values + c)] * q[i];
          reference.y[at(row * values + c)] = out;
        }
      }
      if (slot >= 0) std::copy(s.begin(), s.end(), stored);
    }
  }
  return reference;
}

}  // namespace jet
