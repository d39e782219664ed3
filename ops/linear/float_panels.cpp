// Products of packed float weights in SIMD: sums of some panels with some rows of x stay in
// registers. Compiled once for each instruction set; the best one the machine has is picked at run
// time.
#include "ops/linear/float_panels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/linear/float_panels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/error.h"
#include "ops/linear/packed.h"

HWY_BEFORE_NAMESPACE();
namespace jet {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kPanelRows>;
using Vector = hn::Vec<Floats>;

constexpr int64_t kLanes = hn::MaxLanes(Floats());
constexpr int kVectors = kPanelRows / kLanes;  // of a panel's row of numbers
// Sums that hide the latency of a multiply-add and leave registers for what they multiply.
constexpr int kManyTokens = kVectors == 1 ? 16 : 4;
constexpr int kFewTokens = 4;
constexpr int kManyPanels = std::max(4 / kVectors, 1);  // side by side where tokens are few

template <typename Number>
HWY_INLINE Vector load(const Number* from) {
  const Floats d;
  if constexpr (std::is_same_v<Number, float>) {
    return hn::LoadU(d, from);
  } else {
    return hn::PromoteTo(d, hn::LoadU(hn::Rebind<Number, Floats>(), from));
  }
}

// y[t, row] of one panel; the last may have fewer rows.
HWY_INLINE void store(const FloatPanels& p, int64_t row, const Vector* sums, float* y) {
  const Floats d;
  HWY_ALIGN float numbers[kPanelRows];
  for (int v = 0; v < kVectors; ++v) hn::Store(sums[v], d, numbers + v * kLanes);
  const int64_t rows = std::min(kPanelRows, p.rows - row);
  for (int64_t r = 0; r < rows; ++r)
    y[row + r] = p.bias != nullptr ? numbers[r] + p.bias[row + r] : numbers[r];
}

// P panels from `panel` on with T rows of x: x[i * step + t].
template <typename Number, int P, int T>
HWY_INLINE void tile(const FloatPanels& p, int64_t panel, const float* x, int64_t step, float* y) {
  const Floats d;
  const int64_t stride = p.in * kPanelRows;
  const Number* w = reinterpret_cast<const Number*>(p.weights) + panel * stride;
  Vector sums[P][T][kVectors];
  for (int q = 0; q < P; ++q) {
    for (int t = 0; t < T; ++t) {
      for (int v = 0; v < kVectors; ++v) sums[q][t][v] = hn::Zero(d);
    }
  }
  for (int64_t i = 0; i < p.in; ++i, w += kPanelRows, x += step) {
    Vector weights[P][kVectors];
    for (int q = 0; q < P; ++q) {
      for (int v = 0; v < kVectors; ++v) weights[q][v] = load(w + q * stride + v * kLanes);
    }
    for (int t = 0; t < T; ++t) {
      const Vector number = hn::Set(d, x[t]);
      for (int q = 0; q < P; ++q) {
        for (int v = 0; v < kVectors; ++v)
          sums[q][t][v] = hn::MulAdd(weights[q][v], number, sums[q][t][v]);
      }
    }
  }
  for (int q = 0; q < P; ++q) {
    for (int t = 0; t < T; ++t) store(p, (panel + q) * kPanelRows, sums[q][t], y + t * p.y_stride);
  }
}

template <typename Number, int P>
void multiply_panels(const FloatPanels& p, int64_t panel) {
  for (int64_t first = 0; first < p.tokens; first += kFloatTile) {
    const float* x = p.x + first * p.in;
    float* y = p.y + first * p.y_stride;
    const int64_t tokens = std::min(kFloatTile, p.tokens - first);
    int64_t t = 0;
    for (; t + kManyTokens <= tokens; t += kManyTokens) {
      for (int q = 0; q < P; ++q)
        tile<Number, 1, kManyTokens>(p, panel + q, x + t, tokens, y + t * p.y_stride);
    }
    for (; t + kFewTokens <= tokens; t += kFewTokens)
      tile<Number, P, kFewTokens>(p, panel, x + t, tokens, y + t * p.y_stride);
    for (; t < tokens; ++t) tile<Number, P, 1>(p, panel, x + t, tokens, y + t * p.y_stride);
  }
}

template <typename Number>
void multiply_type(const FloatPanels& p) {
  const int64_t panels = (p.rows + kPanelRows - 1) / kPanelRows;
  int64_t panel = 0;
  for (; panel + kManyPanels <= panels; panel += kManyPanels)
    multiply_panels<Number, kManyPanels>(p, panel);
  for (; panel < panels; ++panel) multiply_panels<Number, 1>(p, panel);
}

void multiply(const FloatPanels& p) {
  switch (p.type) {
    case DType::F32:
      return multiply_type<float>(p);
    case DType::F16:
      return multiply_type<hwy::float16_t>(p);
    case DType::BF16:
      return multiply_type<hwy::bfloat16_t>(p);
    default:
      JET_CHECK(is_float(p.type));
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {

HWY_EXPORT(multiply);

void multiply_float_panels(const FloatPanels& panels) { HWY_DYNAMIC_DISPATCH(multiply)(panels); }

void lay_out_tile(const float* x, int64_t count, int64_t in, float* to) {
  if (count == 1) {
    std::copy_n(x, in, to);
    return;
  }
  for (int64_t i = 0; i < in; ++i, to += count) {
    for (int64_t t = 0; t < count; ++t) to[t] = x[t * in + i];
  }
}

void pack_float_panel(DType type, const std::byte* rows, int64_t count, int64_t in,
                      std::byte* panel) {
  const auto bytes = static_cast<size_t>(block_bytes(type));
  constexpr int64_t kNear = 64;  // numbers of each row whose place in the panel stays in L1
  for (int64_t first = 0; first < in; first += kNear) {
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t i = first; i < std::min(first + kNear, in); ++i) {
        std::memcpy(panel + static_cast<size_t>(i * kPanelRows + r) * bytes,
                    rows + static_cast<size_t>(r * in + i) * bytes, bytes);
      }
    }
  }
}

}  // namespace jet
#endif
