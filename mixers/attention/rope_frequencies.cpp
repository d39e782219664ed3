#include "mixers/attention/rope_frequencies.h"

#include <numbers>

#include "ops/rope/rope.h"

namespace jet {
namespace {

// Llama 3.1: wavelengths beyond the original context are divided by the factor, short ones kept,
// those between blended.
double llama3_frequency(double frequency, const RopeScaling& scaling) {
  const double turns =
      static_cast<double>(scaling.original_context) * frequency / (2 * std::numbers::pi);
  if (turns < scaling.low_frequency_factor) return frequency / scaling.factor;
  if (turns > scaling.high_frequency_factor) return frequency;
  const double smooth = (turns - scaling.low_frequency_factor) /
                        (scaling.high_frequency_factor - scaling.low_frequency_factor);
  return (1 - smooth) * frequency / scaling.factor + smooth * frequency;
}

}  // namespace

Tensor scaled_rope_frequencies(const ModelShape& model) {
  Tensor frequencies = rope_frequencies(model.head_dim, model.rope_theta);
  if (!model.rope_scaling) return frequencies;
  float* values = frequencies.mutable_view().f32();
  for (int64_t i = 0; i < model.head_dim / 2; ++i) {
    values[i] = model.rope_scaling->kind == RopeScaling::Kind::Linear
                    ? static_cast<float>(values[i] / model.rope_scaling->factor)
                    : static_cast<float>(llama3_frequency(values[i], *model.rope_scaling));
  }
  return frequencies;
}

}  // namespace jet
