// Norms of one row. Compiled once for each instruction set; the best one the machine has is picked
// at run time.
#include "ops/row_norms.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/activations.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/row_norms.cpp"
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
using Doubles = hn::ScalableTag<double>;

// Two vectors of sums; the numbers past the last whole vectors follow one by one.
double squares(const float* x, int64_t n) {
  const Doubles d;
  const hn::Rebind<float, Doubles> f;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto even = hn::Zero(d), odd = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto a = hn::PromoteTo(d, hn::LoadU(f, x + i));
    const auto b = hn::PromoteTo(d, hn::LoadU(f, x + i + lanes));
    even = hn::MulAdd(a, a, even);
    odd = hn::MulAdd(b, b, odd);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; i < n; ++i) sum += double{x[i]} * x[i];
  return sum;
}

// y = x * scale * weight * opened, rounded once; weight and opened may be nullptr: 1.
void scale_by(const float* x, double scale, const float* weight, const float* opened, int64_t n,
              float* y) {
  const Doubles d;
  const hn::Rebind<float, Doubles> f;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto scales = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    auto product = hn::Mul(hn::PromoteTo(d, hn::LoadU(f, x + i)), scales);
    if (weight != nullptr) product = hn::Mul(product, hn::PromoteTo(d, hn::LoadU(f, weight + i)));
    if (opened != nullptr) product = hn::Mul(product, hn::PromoteTo(d, hn::LoadU(f, opened + i)));
    hn::StoreU(hn::DemoteTo(f, product), f, y + i);
  }
  for (; i < n; ++i) {
    double product = x[i] * scale;
    if (weight != nullptr) product *= weight[i];
    if (opened != nullptr) product *= opened[i];
    y[i] = static_cast<float>(product);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(squares);
HWY_EXPORT(scale_by);

double inverse_root(double mean_square, float eps) {
  return 1 / std::sqrt(mean_square + double{eps});
}

}  // namespace

double sum_of_squares(const float* x, int64_t n) { return HWY_DYNAMIC_DISPATCH(squares)(x, n); }

void rms_norm_row(const float* x, const float* weight, int64_t n, float eps, float* y) {
  const double scale = inverse_root(sum_of_squares(x, n) / static_cast<double>(n), eps);
  HWY_DYNAMIC_DISPATCH(scale_by)(x, scale, weight, nullptr, n, y);
}

void gated_rms_norm_row(const float* x, const float* gate, const float* weight, int64_t n,
                        float eps, float* y) {
  constexpr int64_t kPart = 256;  // numbers: y may be where x or the gate is
  const double scale = inverse_root(sum_of_squares(x, n) / static_cast<double>(n), eps);
  std::array<float, kPart> opened;
  for (int64_t i = 0; i < n; i += kPart) {
    const int64_t count = std::min(kPart, n - i);
    silu(gate + i, count, opened.data());
    HWY_DYNAMIC_DISPATCH(scale_by)(x + i, scale, weight + i, opened.data(), count, y + i);
  }
}

void silu_l2_norm_row(const float* x, int64_t n, float scale, float eps, float* y) {
  silu(x, n, y);
  const double factor = double{scale} * inverse_root(sum_of_squares(y, n), eps);
  HWY_DYNAMIC_DISPATCH(scale_by)(y, factor, nullptr, nullptr, n, y);
}

}  // namespace jet
#endif
