// delta_gates on the CPU: threads over rows.
#include "ops/delta_gates/gate.h"
#include "ops/delta_gates/kernels.h"

namespace jet {
namespace {

constexpr int64_t kRows = 16;  // a share too small to be worth waking a thread

}  // namespace

void delta_gates_cpu(Context& context, const DeltaGates& args) {
  const int64_t heads = args.a.shape[1];
  const float* a_log = args.a_log.f32();
  const float* dt_bias = args.dt_bias.f32();
  context.threads.parallel_for(args.a.shape[0], kRows, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      const float* a = args.a.f32() + t * heads;
      const float* b = args.b.f32() + t * heads;
      float* g = args.g.f32() + t * heads;
      float* beta = args.beta.f32() + t * heads;
      for (int64_t h = 0; h < heads; ++h) {
        const DeltaGate gate = delta_gate(a[h], b[h], a_log[h], dt_bias[h]);
        g[h] = gate.g;
        beta[h] = gate.beta;
      }
    }
  });
}

}  // namespace jet
