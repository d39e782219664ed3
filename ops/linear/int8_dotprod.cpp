// The products with NEON's dot products (ARMv8.2 DotProd): an instruction adds the products of 4
// numbers of each of 4 rows with a word of x.
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
HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")

#include "ops/linear/int8_neon.h"

namespace jet {
namespace {

struct Dotprod {
  static constexpr bool kPair = false;

  template <DType type, size_t first, size_t words>
  HWY_INLINE static int32x4_t dot(const int8x16_t* w, const int8_t* q) {
    int32x4_t sum = vdupq_n_s32(0);
    for (size_t j = first; j < first + words; j += 4) {
      const int8x16_t x = vld1q_s8(q + 4 * j);
      sum = vdotq_laneq_s32(sum, w[j], x, 0);
      sum = vdotq_laneq_s32(sum, w[j + 1], x, 1);
      sum = vdotq_laneq_s32(sum, w[j + 2], x, 2);
      sum = vdotq_laneq_s32(sum, w[j + 3], x, 3);
    }
    return sum;
  }
};

}  // namespace

constinit const Int8Kernels kInt8Dotprod{"neon-dotprod", quantise<Dotprod>, multiply<Dotprod>};

}  // namespace jet

HWY_POP_ATTRIBUTES

#endif
