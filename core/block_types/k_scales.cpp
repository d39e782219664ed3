// Encoding of Q4_K and Q5_K: the search for scales and minima, their rounding, and the quants that
// follow.
#include "core/block_types/k_scales.h"

#include <algorithm>
#include <cmath>

#include "core/block_types/scale.h"

namespace jet {
namespace {

constexpr size_t kGroups = 8;
constexpr size_t kGroup = 32;
constexpr double kMostScale = 63;

// x ~ scale q - min
struct Fit {
  double scale = 0;
  double min = 0;
};

using Group = std::span<const float, kGroup>;
using Weights = std::array<double, kGroup>;

// Large numbers count for more: they meet large activations as often and move the product further.
Weights weights_of(Group x) {
  double squares = 0;
  for (const double value : x) squares += value * value;
  const double root_mean_square = std::sqrt(squares / static_cast<double>(x.size()));
  Weights weights;
  std::ranges::transform(x, weights.begin(),
                         [=](double value) { return root_mean_square + std::abs(value); });
  return weights;
}

double quant_of(double x, double most) { return std::clamp(std::round(x), 0.0, most); }

// Weighted least squares for the quants that a step width gives; min stays at least 0.
Fit solve(Group x, const Weights& weights, double low, double inverse, double most) {
  double w = 0, wq = 0, wqq = 0, wx = 0, wqx = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double q = quant_of(inverse * (x[i] - low), most);
    w += weights[i];
    wq += weights[i] * q;
    wqq += weights[i] * q * q;
    wx += weights[i] * x[i];
    wqx += weights[i] * q * x[i];
  }
  const double determinant = w * wqq - wq * wq;
  if (determinant > 0) {
    const Fit fit{(w * wqx - wx * wq) / determinant, (wq * wqx - wqq * wx) / determinant};
    if (fit.min >= 0) return fit;
  }
  return {wqq > 0 ? wqx / wqq : 0, 0};
}

double error_of(Group x, const Weights& weights, const Fit& fit, double most) {
  double error = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double q = fit.scale > 0 ? quant_of((x[i] + fit.min) / fit.scale, most) : 0;
    const double difference = fit.scale * q - fit.min - x[i];
    error += weights[i] * difference * difference;
  }
  return error;
}

Fit fit_group(Group x, double most) {
  const double low = std::min(0.0f, *std::ranges::min_element(x));
  const double high = *std::ranges::max_element(x);
  if (high <= low) return {0, -low};
  const Weights weights = weights_of(x);
  Fit best{(high - low) / most, -low};
  double least = error_of(x, weights, best, most);
  for (int tenths = -10; tenths <= 10; ++tenths) {
    const Fit fit = solve(x, weights, low, (most + 0.1 * tenths) / (high - low), most);
    const double error = error_of(x, weights, fit, most);
    if (fit.scale > 0 && error < least) {
      best = fit;
      least = error;
    }
  }
  return best;
}

void pack_scale(PackedScales& scales, size_t group, uint8_t scale, uint8_t min) {
  if (group < 4) {
    scales[group] |= scale;
    scales[group + 4] |= min;
  } else {
    scales[group + 4] = static_cast<uint8_t>((scale & 15) | (min & 15) << 4);
    scales[group - 4] |= static_cast<uint8_t>(scale >> 4 << 6);
    scales[group] |= static_cast<uint8_t>(min >> 4 << 6);
  }
}

// `value` in units of `unit`, as 6 bits.
uint8_t in_units(double value, double unit) {
  if (unit == 0) return 0;
  return static_cast<uint8_t>(std::clamp(std::round(value / unit), 0.0, kMostScale));
}

}  // namespace

QuantisedK quantise_k(std::span<const float, 256> x, int most) {
  std::array<Fit, kGroups> fits;
  for (size_t g = 0; g < kGroups; ++g) {
    fits[g] = fit_group(x.subspan(g * kGroup).first<kGroup>(), most);
  }
  QuantisedK block;
  block.d =
      encode_scale(static_cast<float>(std::ranges::max(fits, {}, &Fit::scale).scale / kMostScale));
  block.dmin =
      encode_scale(static_cast<float>(std::ranges::max(fits, {}, &Fit::min).min / kMostScale));
  const double d = f16_to_float(block.d);
  const double dmin = f16_to_float(block.dmin);
  for (size_t g = 0; g < kGroups; ++g) {
    const uint8_t scale = in_units(fits[g].scale, d);
    const uint8_t min = in_units(fits[g].min, dmin);
    pack_scale(block.scales, g, scale, min);
    if (d * scale == 0) continue;
    for (size_t i = g * kGroup; i < (g + 1) * kGroup; ++i) {
      block.quants[i] = static_cast<uint8_t>(quant_of((x[i] + dmin * min) / (d * scale), most));
    }
  }
  return block;
}

}  // namespace jet
