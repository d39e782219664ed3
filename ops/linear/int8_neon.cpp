// The products with the NEON of every 64-bit ARM: products of pairs, added in 16 bits as long as
// they fit.
#include "ops/linear/int8.h"

#if defined(__aarch64__)

#include "ops/linear/int8_neon.h"

namespace jet {
namespace {

struct Neon {
  static constexpr bool kPair = false;

  // A 16-bit lane holds one product of each word: of 8 words up to 31 x 127, or of 2 of 8 bits
  // (128 x 127).
  template <DType type, size_t first, size_t words>
  HWY_INLINE static int32x4_t dot(const int8x16_t* w, const int8_t* q) {
    constexpr size_t kFit = type == DType::Q8_0 ? 2 : 8;
    int32x4_t sum = vdupq_n_s32(0);
    for (size_t j = first; j < first + words; j += kFit) {
      int16x8_t low = vdupq_n_s16(0), high = vdupq_n_s16(0);  // of the first two rows and the last
      for (size_t i = j; i < std::min(j + kFit, first + words); ++i) {
        int32_t word = 0;
        std::memcpy(&word, q + 4 * i, sizeof(word));
        const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(word));
        low = vmlal_s8(low, vget_low_s8(w[i]), vget_low_s8(x));
        high = vmlal_high_s8(high, w[i], x);
      }
      sum = vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
    }
    return sum;
  }
};

}  // namespace

constinit const Int8Kernels kInt8Neon{"neon", quantise<Neon>, multiply<Neon>};

}  // namespace jet

#endif
