// Q4_K encoding: for each group the scale and minimum of least weighted squared error over a range
// of step widths.
#include <algorithm>
#include <cmath>
#include <span>

#include "core/block_types/q4_k.h"
#include "core/block_types/scale.h"

namespace jet {
namespace {

constexpr double kMostQuant = 15;
constexpr double kMostScale = 63;

// x ~ scale q - min
struct Fit {
  double scale = 0;
  double min = 0;
};

using Group = std::span<const float, BlockQ4_K::kGroup>;
using Weights = std::array<double, BlockQ4_K::kGroup>;

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

double quant_of(double x) { return std::clamp(std::round(x), 0.0, kMostQuant); }

// Weighted least squares for the quants that a step width gives; min stays at least 0.
Fit solve(Group x, const Weights& weights, double low, double inverse) {
  double w = 0, wq = 0, wqq = 0, wx = 0, wqx = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double q = quant_of(inverse * (x[i] - low));
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

double error_of(Group x, const Weights& weights, const Fit& fit) {
  double error = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double q = fit.scale > 0 ? quant_of((x[i] + fit.min) / fit.scale) : 0;
    const double difference = fit.scale * q - fit.min - x[i];
    error += weights[i] * difference * difference;
  }
  return error;
}

Fit fit_group(Group x) {
  const double low = std::min(0.0f, *std::ranges::min_element(x));
  const double high = *std::ranges::max_element(x);
  if (high <= low) return {0, -low};
  const Weights weights = weights_of(x);
  Fit best{(high - low) / kMostQuant, -low};
  double least = error_of(x, weights, best);
  for (int tenths = -10; tenths <= 10; ++tenths) {
    const Fit fit = solve(x, weights, low, (kMostQuant + 0.1 * tenths) / (high - low));
    const double error = error_of(x, weights, fit);
    if (fit.scale > 0 && error < least) {
      best = fit;
      least = error;
    }
  }
  return best;
}

void pack_scale(std::array<uint8_t, 12>& scales, size_t group, uint8_t scale, uint8_t min) {
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

void encode_block(std::span<const float, BlockQ4_K::kNumbers> x, BlockQ4_K& block) {
  std::array<Fit, BlockQ4_K::kGroups> fits;
  for (size_t g = 0; g < fits.size(); ++g) {
    fits[g] = fit_group(x.subspan(g * BlockQ4_K::kGroup).first<BlockQ4_K::kGroup>());
  }
  block = {};
  block.d =
      encode_scale(static_cast<float>(std::ranges::max(fits, {}, &Fit::scale).scale / kMostScale));
  block.dmin =
      encode_scale(static_cast<float>(std::ranges::max(fits, {}, &Fit::min).min / kMostScale));
  const double d = f16_to_float(block.d);
  const double dmin = f16_to_float(block.dmin);
  for (size_t g = 0; g < fits.size(); ++g) {
    const uint8_t scale = in_units(fits[g].scale, d);
    const uint8_t min = in_units(fits[g].min, dmin);
    pack_scale(block.scales, g, scale, min);
    if (d * scale == 0) continue;
    const int shift = g % 2 == 0 ? 0 : 4;
    for (size_t j = 0; j < BlockQ4_K::kGroup; ++j) {
      const double q = quant_of((x[g * BlockQ4_K::kGroup + j] + dmin * min) / (d * scale));
      block.quants[g / 2 * BlockQ4_K::kGroup + j] |=
          static_cast<uint8_t>(static_cast<int>(q) << shift);
    }
  }
}

}  // namespace

void encode_q4_k(const float* row, int64_t count, BlockQ4_K* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ4_K::kNumbers) {
    encode_block(std::span<const float, BlockQ4_K::kNumbers>(row, BlockQ4_K::kNumbers), out[b]);
  }
}

}  // namespace jet
