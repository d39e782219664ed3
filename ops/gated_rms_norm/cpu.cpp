// gated_rms_norm on the CPU: threads over heads of rows, one order of summation in each.
#include <algorithm>
#include <array>
#include <cmath>

#include "ops/activations.h"
#include "ops/gated_rms_norm/kernels.h"

namespace jet {
namespace {

constexpr int64_t kRows = 16;   // a share too small to be worth waking a thread
constexpr int64_t kPart = 256;  // numbers

}  // namespace

void gated_rms_norm_cpu(Context& context, const GatedRmsNorm& args) {
  const int64_t width = args.x.shape.back();
  const float* weight = args.weight.f32();
  context.threads.parallel_for(args.x.rows(), kRows, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = args.x.f32() + row * width;
      const float* gate = args.gate.f32() + row * width;
      float* y = args.y.f32() + row * width;
      double squares = 0;
      for (int64_t i = 0; i < width; ++i) squares += double{x[i]} * x[i];
      const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + double{args.eps});
      // In parts: y may be where x or the gate is.
      std::array<float, kPart> opened;
      for (int64_t first = 0; first < width; first += kPart) {
        const int64_t n = std::min(kPart, width - first);
        silu(gate + first, n, opened.data());
        for (int64_t i = 0; i < n; ++i)
          y[first + i] = static_cast<float>(x[first + i] * scale * weight[first + i] * opened[i]);
      }
    }
  });
}

}  // namespace jet
