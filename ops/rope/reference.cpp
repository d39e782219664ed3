// rope as the equation reads: a rotation in float64 by the float32 angle.
#include <cmath>

#include "ops/rope/kernels.h"

namespace jet {

std::vector<double> rope_reference(const Rope& args) {
  const int64_t heads = args.x.shape[1];
  const int64_t width = args.x.shape[2];
  const int64_t half = width / 2;
  std::vector<double> turned(static_cast<size_t>(args.x.shape.elements()));
  for (size_t n = 0; n < args.batch.slots.size(); ++n) {
    for (int32_t row = args.batch.offsets[n]; row < args.batch.offsets[n + 1]; ++row) {
      const int32_t position = args.batch.past[n] + row - args.batch.offsets[n];
      for (int64_t head = 0; head < heads; ++head) {
        for (int64_t i = 0; i < half; ++i) {
          const double angle{static_cast<float>(position) * args.frequencies.f32()[i]};
          const int64_t at = (row * heads + head) * width + i;
          const double a = args.x.f32()[at];
          const double b = args.x.f32()[at + half];
          turned[static_cast<size_t>(at)] = a * std::cos(angle) - b * std::sin(angle);
          turned[static_cast<size_t>(at + half)] = b * std::cos(angle) + a * std::sin(angle);
        }
      }
    }
  }
  return turned;
}

}  // namespace jet
