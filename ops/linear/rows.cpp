// Products with weights as rows: a panel of weight rows is decoded to float32 and multiplied with
// every row of x before the next.
#include "ops/linear/rows.h"

#include <algorithm>

#include "core/block_types/block_types.h"
#include "ops/linear/panel.h"

namespace jet {
namespace {

// `in` is cut into blocks of this many numbers, the last taking what would be a short remainder, so
// that a tile's rows of the weight and of x fit L1. Cuts depend on `in` alone and fall between the
// blocks of every type.
constexpr int64_t kBlock = 512;
constexpr int64_t kLargestBlock = 640;
constexpr int64_t kFewTokens = 8;   // up to here a decoded panel should stay in L1
constexpr int64_t kSmallPanel = 8;  // rows
constexpr int64_t kLargePanel = 32;
// Rows of scratch lie 16 floats further apart than a power of two, so as not to share cache sets.
constexpr int64_t kScratchStride = kLargestBlock + 16;
constexpr int64_t kScratchFloats = kLargePanel * kScratchStride;  // 84 KB a thread: in L2

// Bytes of a mapped file may lie at any address; floats are read in place where they may be.
bool is_read_in_place(const Weight& weight) {
  const auto address = reinterpret_cast<uintptr_t>(weight.tensor.view().data);
  return weight.type() == DType::F32 && address % alignof(float) == 0;
}

// Rows [first, first + panel.rows) of the weight, [begin, begin + panel.n) of `in`.
void place_weights(const Weight& weight, int64_t first, int64_t begin, float* scratch,
                   Panel& panel) {
  const std::byte* rows = weight.tensor.view().data;
  if (is_read_in_place(weight)) {
    panel.w = reinterpret_cast<const float*>(rows) + first * weight.in() + begin;
    panel.w_stride = weight.in();
    return;
  }
  const int64_t stride = row_bytes(weight.type(), weight.in());
  const int64_t offset = row_bytes(weight.type(), begin);
  for (int64_t r = 0; r < panel.rows; ++r) {
    decode_row(weight.type(), rows + (first + r) * stride + offset, panel.n,
               scratch + r * kScratchStride);
  }
  panel.w = scratch;
  panel.w_stride = kScratchStride;
}

// y = bias, or 0, in columns [begin, end).
void set_bias(int64_t tokens, const LinearPart& part, int64_t begin, int64_t end) {
  const int64_t out = part.weight.out();
  for (int64_t t = 0; t < tokens; ++t) {
    float* y = part.y.f32() + t * out;
    if (part.bias.data != nullptr)
      std::copy(part.bias.f32() + begin, part.bias.f32() + end, y + begin);
    else
      std::fill(y + begin, y + end, 0.0f);
  }
}

}  // namespace

int64_t row_scratch_floats(const Weight& weight) {
  return is_read_in_place(weight) ? 0 : kScratchFloats;
}

void multiply_rows(ConstTensorView x, const LinearPart& part, int64_t begin, int64_t end,
                   float* scratch) {
  const int64_t tokens = x.shape[0];
  const int64_t in = part.weight.in();
  const int64_t panel_rows = tokens <= kFewTokens ? kSmallPanel : kLargePanel;
  set_bias(tokens, part, begin, end);
  for (int64_t row = begin; row < end; row += panel_rows) {
    for (int64_t i = 0, n = 0; i < in; i += n) {
      n = in - i <= kLargestBlock ? in - i : kBlock;
      Panel panel{.w = nullptr,
                  .w_stride = 0,
                  .rows = std::min(panel_rows, end - row),
                  .x = x.f32() + i,
                  .x_stride = in,
                  .tokens = tokens,
                  .n = n,
                  .y = part.y.f32() + row,
                  .y_stride = part.weight.out()};
      place_weights(part.weight, row, i, scratch, panel);
      accumulate_panel(panel);
    }
  }
}

}  // namespace jet
