// Q6_K encoding: for each group the scale of least weighted squared error over a range of step
// widths.
#include <algorithm>
#include <cmath>
#include <span>

#include "core/block_types/q6_k.h"
#include "core/block_types/scale.h"

namespace jet {
namespace {

constexpr double kLeastQuant = -32;
constexpr double kMostQuant = 31;

using Group = std::span<const float, BlockQ6_K::kGroup>;

double quant_of(double x) { return std::clamp(std::round(x), kLeastQuant, kMostQuant); }

constexpr auto kMagnitude = [](double x) { return std::abs(x); };

// The scale s of x ~ s q, of either sign: the number of largest magnitude lies near q = -32, the
// longer side.
double fit_group(Group x) {
  const double extreme = *std::ranges::max_element(x, {}, kMagnitude);
  if (extreme == 0) return 0;
  double best = 0;
  double most = -1;
  for (int tenths = -10; tenths <= 10; ++tenths) {
    const double inverse = (kLeastQuant + 0.1 * tenths) / extreme;
    double wqq = 0, wqx = 0;
    for (const double value : x) {
      const double q = quant_of(inverse * value);
      const double weight = value * value;
      wqq += weight * q * q;
      wqx += weight * q * value;
    }
    // Least squares gives s = wqx / wqq; the squared error is then a constant less wqx^2 / wqq.
    if (wqq > 0 && wqx * wqx / wqq > most) {
      best = wqx / wqq;
      most = wqx * wqx / wqq;
    }
  }
  return best;
}

void store(BlockQ6_K& block, size_t number, int quant) {
  const size_t half = number / 128, k = number % 128 / 32, j = number % 32;
  block.low[64 * half + 32 * (k % 2) + j] |= static_cast<uint8_t>((quant & 15) << (k < 2 ? 0 : 4));
  block.high[32 * half + j] |= static_cast<uint8_t>(quant >> 4 << (2 * k));
}

void encode_block(std::span<const float, BlockQ6_K::kNumbers> x, BlockQ6_K& block) {
  std::array<double, BlockQ6_K::kGroups> scales;
  for (size_t g = 0; g < scales.size(); ++g) {
    scales[g] = fit_group(x.subspan(g * BlockQ6_K::kGroup).first<BlockQ6_K::kGroup>());
  }
  block = {};
  block.d = encode_scale(static_cast<float>(std::ranges::max(scales, {}, kMagnitude) / -128));
  const double d = f16_to_float(block.d);
  for (size_t g = 0; g < scales.size(); ++g) {
    const double scale = d == 0 ? 0 : std::clamp(std::round(scales[g] / d), -128.0, 127.0);
    block.scales[g] = static_cast<int8_t>(scale);
    for (size_t j = 0; j < BlockQ6_K::kGroup; ++j) {
      const size_t number = g * BlockQ6_K::kGroup + j;
      const double q = d * scale == 0 ? 0 : quant_of(x[number] / (d * scale));
      store(block, number, static_cast<int>(q - kLeastQuant));
    }
  }
}

}  // namespace

void encode_q6_k(const float* row, int64_t count, BlockQ6_K* out) {
  for (int64_t b = 0; b < count; ++b, row += BlockQ6_K::kNumbers) {
    encode_block(std::span<const float, BlockQ6_K::kNumbers>(row, BlockQ6_K::kNumbers), out[b]);
  }
}

}  // namespace jet
