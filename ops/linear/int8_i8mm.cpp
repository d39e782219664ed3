// The products with NEON's matrix products (ARMv8.6 I8MM): an instruction multiplies 8 numbers of
// each of 2 rows with 8 of each of 2 tokens. A tile of x holds its tokens in pairs, 8 numbers of
// one and 8 of the other in turn.
#include "ops/linear/int8.h"

#if defined(JET_INT8_DOTPROD)

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <arm_neon.h>
#include <hwy/highway.h>

#include "ops/linear/packed_types.h"

// The code below alone is compiled for this instruction set.
HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod+i8mm")

#include "ops/linear/int8_neon.h"

namespace jet {
namespace {

struct I8mm {
  static constexpr bool kPair = true;

  // One token: dot products, as matrix products would waste a half.
  template <DType type, size_t first, size_t words>
  HWY_INLINE static int32x4_t dot(const int8x16_t* w, const int8_t* q) {
    int32x4_t sum = vdupq_n_s32(0);
    for (size_t j = first; j < first + words; j += 2) {
      const int8x8_t x = vld1_s8(q + 8 * j);
      sum = vdotq_lane_s32(sum, w[j], x, 0);
      sum = vdotq_lane_s32(sum, w[j + 1], x, 1);
    }
    return sum;
  }

  // Words j and j + 1 of 4 rows become 8 numbers of rows 0 and 1, then of rows 2 and 3.
  HWY_INLINE static void arrange(int8x16_t* w) {
    for (size_t j = 0; j < 8; j += 2) {
      const int32x4_t a = vreinterpretq_s32_s8(w[j]), b = vreinterpretq_s32_s8(w[j + 1]);
      w[j] = vreinterpretq_s8_s32(vzip1q_s32(a, b));
      w[j + 1] = vreinterpretq_s8_s32(vzip2q_s32(a, b));
    }
  }

  template <size_t first, size_t words>
  HWY_INLINE static int32x4x2_t dot_pair(const int8x16_t* w, const int8_t* q) {
    int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);  // [row][token]: rows 0, 1; rows 2, 3
    for (size_t j = first; j < first + words; j += 2) {
      const int8x16_t x = vld1q_s8(q + 8 * j);
      low = vmmlaq_s32(low, w[j], x);
      high = vmmlaq_s32(high, w[j + 1], x);
    }
    return {vuzp1q_s32(low, high), vuzp2q_s32(low, high)};
  }
};

}  // namespace

constinit const Int8Kernels kInt8I8mm{"neon-i8mm", quantise<I8mm>, multiply<I8mm>};

}  // namespace jet

HWY_POP_ATTRIBUTES

#endif
