#include "ops/linear/product_peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/linear/product_peak.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ops/linear/int8.h"

HWY_BEFORE_NAMESPACE();
namespace jet {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;

constexpr int kChains = 12;  // hide the latency of a multiply-add

// Multiply-adds of a round.
int64_t float_products() { return kChains * static_cast<int64_t>(hn::Lanes(Floats())); }

float spin(int64_t rounds, float factor) {
  const Floats d;
  const auto x = hn::Set(d, factor);
  hn::Vec<Floats> sums[kChains];
  for (int k = 0; k < kChains; ++k) sums[k] = hn::Set(d, static_cast<float>(k));
  for (int64_t i = 0; i < rounds; ++i) {
    for (int k = 0; k < kChains; ++k) sums[k] = hn::MulAdd(sums[k], x, x);
  }
  for (int k = 1; k < kChains; ++k) sums[0] = hn::Add(sums[0], sums[k]);
  return hn::GetLane(sums[0]);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {

HWY_EXPORT(float_products);
HWY_EXPORT(spin);

double measure_product_peak(ThreadPool& threads, DType type) {
  constexpr int64_t kRounds = 1000000;
  constexpr int kTries = 5;
  const Int8Kernels& kernels = chosen_int8_kernels();
  const bool is_int8 = is_quantised(type);
  if (is_int8 && kernels.spin == nullptr) return 0;
  const int64_t products = is_int8 ? kernels.spin_products : HWY_DYNAMIC_DISPATCH(float_products)();
  std::atomic<bool> is_odd = false;  // takes the sums, so that they are not dropped
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    threads.parallel_for(threads.threads(), 1, [&](int64_t, int64_t, int) {
      if (is_int8) {
        is_odd = kernels.spin(kRounds) % 2 != 0;
      } else {
        is_odd = HWY_DYNAMIC_DISPATCH(spin)(kRounds, 0.5f) > 1;
      }
    });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best,
                    static_cast<double>(threads.threads() * products * kRounds) / seconds.count());
  }
  return best;
}

}  // namespace jet
#endif
