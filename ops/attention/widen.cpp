// Cached numbers to float32. Compiled once for each instruction set; the best one the machine has
// is picked at run time.
#include "ops/attention/widen.h"

#include <cstring>

#include "core/block_types/block_types.h"
#include "core/block_types/q8_0.h"
#include "core/half.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/widen.cpp"
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
using Floats = hn::CappedTag<float, 16>;

HWY_INLINE int64_t lanes() { return static_cast<int64_t>(hn::Lanes(Floats())); }

// Whole vectors of 16-bit floats; how many numbers that were.
template <class Half>
int64_t widen_halves(const std::byte* from, int64_t n, float* to) {
  const Floats f;
  const hn::Rebind<Half, Floats> halves;
  const hn::Rebind<uint16_t, Floats> bits;
  const auto* row = reinterpret_cast<const uint16_t*>(from);
  int64_t i = 0;
  for (; i + lanes() <= n; i += lanes())
    hn::StoreU(hn::PromoteTo(f, hn::BitCast(halves, hn::LoadU(bits, row + i))), f, to + i);
  return i;
}

void widen_q8_0(const std::byte* from, int64_t n, float* to) {
  const Floats f;
  const hn::Rebind<int8_t, Floats> bytes;
  const hn::Rebind<int32_t, Floats> ints;
  const auto* blocks = reinterpret_cast<const BlockQ8_0*>(from);
  for (int64_t b = 0; b < n / BlockQ8_0::kNumbers; ++b, to += BlockQ8_0::kNumbers) {
    const auto scale = hn::Set(f, f16_to_float(blocks[b].d));
    const int8_t* quants = blocks[b].quants.data();
    for (int64_t i = 0; i < BlockQ8_0::kNumbers; i += lanes()) {
      const auto x = hn::PromoteTo(ints, hn::LoadU(bytes, quants + i));
      hn::StoreU(hn::Mul(scale, hn::ConvertTo(f, x)), f, to + i);
    }
  }
}

// Converts whole vectors; how many numbers that were.
HWY_INLINE int64_t widen_vectors(DType type, const std::byte* from, int64_t n, float* to) {
  switch (type) {
    case DType::BF16:
      return widen_halves<hwy::bfloat16_t>(from, n, to);
    case DType::F16:
      return widen_halves<hwy::float16_t>(from, n, to);
    case DType::Q8_0:
      widen_q8_0(from, n, to);
      return n;
    default:
      std::memcpy(to, from, static_cast<size_t>(n) * sizeof(float));
      return n;
  }
}

void widen_rows(const StoredRows& rows, float* to, int64_t padded) {
  const std::byte* from = rows.from;
  for (int64_t r = 0; r < rows.count; ++r, from += rows.stride, to += padded) {
    const int64_t done = widen_vectors(rows.type, from, rows.n, to);
    if (done < rows.n)
      decode_row(rows.type, from + row_bytes(rows.type, done), rows.n - done, to + done);
    for (int64_t i = rows.n; i < padded; ++i) to[i] = 0;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace jet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jet {
namespace {

HWY_EXPORT(widen_rows);

}  // namespace

void widen(const StoredRows& rows, float* to, int64_t padded) {
  HWY_DYNAMIC_DISPATCH(widen_rows)(rows, to, padded);
}

}  // namespace jet
#endif
