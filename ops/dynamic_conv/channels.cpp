// The convolution's inner loop: four taps, as the models have, in vectors of channels; other counts
// one channel at a time. Compiled once for each instruction set; the best one the machine has is
// picked at run time.
#include "ops/dynamic_conv/channels.h"

#include <algorithm>

#include "ops/activations.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/dynamic_conv/channels.cpp"
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

// Whole vectors of channels; how many channels that were.
int64_t four_taps(const float* taps, const float* const* u, int64_t n, float* y) {
  const hn::ScalableTag<float> f;
  const auto lanes = static_cast<int64_t>(hn::Lanes(f));
  const auto zero = hn::Zero(f);
  int64_t c = 0;
  for (; c + lanes <= n; c += lanes) {
    hn::Vec<decltype(f)> t0, t1, t2, t3;
    hn::LoadInterleaved4(f, taps + 4 * c, t0, t1, t2, t3);
    auto sum = u[0] ? hn::Mul(t0, hn::LoadU(f, u[0] + c)) : zero;
    if (u[1]) sum = hn::Add(hn::Mul(t1, hn::LoadU(f, u[1] + c)), sum);
    if (u[2]) sum = hn::Add(hn::Mul(t2, hn::LoadU(f, u[2] + c)), sum);
    if (u[3]) sum = hn::Add(hn::Mul(t3, hn::LoadU(f, u[3] + c)), sum);
    hn::StoreU(sum, f, y + c);
  }
  return c;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(four_taps);

}  // namespace

void convolve_channels(const float* taps, const float* const* u, int64_t width, int64_t n,
                       float* y) {
  const int64_t done = width == 4 ? HWY_DYNAMIC_DISPATCH(four_taps)(taps, u, n, y) : 0;
  std::fill(y + done, y + n, 0.0f);
  for (int64_t i = 0; i < width; ++i) {
    if (u[i] == nullptr) continue;
    for (int64_t c = done; c < n; ++c) y[c] += taps[c * width + i] * u[i][c];
  }
  silu(y, n, y);
}

void update_conv_state(const ConvHistory& history, float* state, int64_t rows, int64_t begin,
                       int64_t end) {
  const int64_t kept = history.width - 1;
  for (int64_t i = 0; i < kept; ++i) {
    const float* row = history.row(rows - kept + i);  // ascending: read before it is replaced
    float* to = state + i * history.channels;
    if (row == nullptr) {
      std::fill(to + begin, to + end, 0.0f);
    } else {
      std::copy(row + begin, row + end, to + begin);
    }
  }
}

}  // namespace jet
#endif
