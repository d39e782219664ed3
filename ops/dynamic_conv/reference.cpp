// dynamic_conv as the equation reads, in float64.
#include <cmath>

#include "ops/dynamic_conv/kernels.h"

namespace jet {

std::vector<double> dynamic_conv_reference(const DynamicConv& args) {
  const int64_t channels = args.u.shape[1], width = args.taps.shape[2];
  std::vector<double> y(static_cast<size_t>(args.u.shape.elements()));
  for (size_t n = 0; n < args.batch.slots.size(); ++n) {
    const int64_t first = args.batch.offsets[n], slot = args.batch.slots[n];
    const int64_t past = slot < 0 ? 0 : args.batch.past[n];
    // u of channel c at a row of the step, negative in the state.
    const auto u = [&](int64_t row, int64_t c) -> double {
      if (past + row < 0) return 0;
      if (row >= 0) return args.u.f32()[(first + row) * channels + c];
      return args.state.f32()[(slot * (width - 1) + width - 1 + row) * channels + c];
    };
    for (int64_t row = 0; first + row < args.batch.offsets[n + 1]; ++row) {
      for (int64_t c = 0; c < channels; ++c) {
        const float* taps = args.taps.f32() + ((first + row) * channels + c) * width;
        double sum = 0;
        for (int64_t i = 0; i < width; ++i) sum += taps[i] * u(row - (width - 1) + i, c);
        y[static_cast<size_t>((first + row) * channels + c)] = sum / (1 + std::exp(-sum));
      }
    }
  }
  return y;
}

}  // namespace jet
