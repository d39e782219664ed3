// One switch from element type to format.
#include "core/block_types/block_types.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/block_types/floats.h"
#include "core/block_types/q4_0.h"
#include "core/block_types/q4_1.h"
#include "core/block_types/q4_k.h"
#include "core/block_types/q5_0.h"
#include "core/block_types/q5_1.h"
#include "core/block_types/q5_k.h"
#include "core/block_types/q6_k.h"
#include "core/block_types/q8_0.h"
#include "core/block_types/scale.h"
#include "core/error.h"

namespace jet {
namespace {

template <typename Block>
const Block* blocks_of(const std::byte* row) {
  return reinterpret_cast<const Block*>(row);
}

template <typename Block>
Block* blocks_of(std::byte* row) {
  return reinterpret_cast<Block*>(row);
}

// The first of n items that `is_bad`, or -1. Stretches without one are passed over in loops without
// branches.
template <typename Item, typename IsBad>
int64_t find_bad(const std::byte* row, int64_t n, IsBad is_bad) {
  const auto* items = reinterpret_cast<const Item*>(row);
  constexpr int64_t kStretch = 256;
  for (int64_t begin = 0; begin < n; begin += kStretch) {
    const int64_t end = std::min(n, begin + kStretch);
    uint32_t bad = 0;
    for (int64_t i = begin; i < end; ++i) bad += static_cast<uint32_t>(is_bad(items[i]));
    if (bad == 0) continue;
    for (int64_t i = begin; i < end; ++i) {
      if (is_bad(items[i])) return i;
    }
  }
  return -1;
}

void check_finite(DType type, const float* row, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if (!std::isfinite(row[i])) {
      fail("number {} of the row is {}: {} holds finite numbers alone", i, row[i], name(type));
    }
  }
}

}  // namespace

void decode_row(DType type, const std::byte* row, int64_t n, float* out) {
  const int64_t bytes = row_bytes(type, n);
  const int64_t blocks = n / block_elements(type);
  switch (type) {
    case DType::F32:
      std::memcpy(out, row, static_cast<size_t>(bytes));
      return;
    case DType::F16:
      decode_f16(row, n, out);
      return;
    case DType::BF16:
      decode_bf16(row, n, out);
      return;
    case DType::Q4_0:
      decode_q4_0(blocks_of<BlockQ4_0>(row), blocks, out);
      return;
    case DType::Q4_1:
      decode_q4_1(blocks_of<BlockQ4_1>(row), blocks, out);
      return;
    case DType::Q5_0:
      decode_q5_0(blocks_of<BlockQ5_0>(row), blocks, out);
      return;
    case DType::Q5_1:
      decode_q5_1(blocks_of<BlockQ5_1>(row), blocks, out);
      return;
    case DType::Q8_0:
      decode_q8_0(blocks_of<BlockQ8_0>(row), blocks, out);
      return;
    case DType::Q4_K:
      decode_q4_k(blocks_of<BlockQ4_K>(row), blocks, out);
      return;
    case DType::Q5_K:
      decode_q5_k(blocks_of<BlockQ5_K>(row), blocks, out);
      return;
    case DType::Q6_K:
      decode_q6_k(blocks_of<BlockQ6_K>(row), blocks, out);
      return;
    default:
      fail("{} is no type of weights: it cannot be decoded", name(type));
  }
}

void encode_row(DType type, const float* row, int64_t n, std::byte* out) {
  const int64_t bytes = row_bytes(type, n);
  const int64_t blocks = n / block_elements(type);
  if (is_quantised(type)) check_finite(type, row, n);
  switch (type) {
    case DType::F32:
      std::memcpy(out, row, static_cast<size_t>(bytes));
      return;
    case DType::F16:
      encode_f16(row, n, out);
      return;
    case DType::BF16:
      encode_bf16(row, n, out);
      return;
    case DType::Q4_0:
      encode_q4_0(row, blocks, blocks_of<BlockQ4_0>(out));
      return;
    case DType::Q4_1:
      encode_q4_1(row, blocks, blocks_of<BlockQ4_1>(out));
      return;
    case DType::Q5_0:
      encode_q5_0(row, blocks, blocks_of<BlockQ5_0>(out));
      return;
    case DType::Q5_1:
      encode_q5_1(row, blocks, blocks_of<BlockQ5_1>(out));
      return;
    case DType::Q8_0:
      encode_q8_0(row, blocks, blocks_of<BlockQ8_0>(out));
      return;
    case DType::Q4_K:
      encode_q4_k(row, blocks, blocks_of<BlockQ4_K>(out));
      return;
    case DType::Q5_K:
      encode_q5_k(row, blocks, blocks_of<BlockQ5_K>(out));
      return;
    case DType::Q6_K:
      encode_q6_k(row, blocks, blocks_of<BlockQ6_K>(out));
      return;
    default:
      fail("{} is no type of weights: it cannot be encoded", name(type));
  }
}

int64_t first_bad_block(DType type, const std::byte* row, int64_t n) {
  const int64_t blocks = row_bytes(type, n) / block_bytes(type);
  const auto bad_d = [](const auto& block) { return !is_finite_f16(block.d); };
  const auto bad_d_or_m = [](const auto& b) { return !is_finite_f16(b.d) || !is_finite_f16(b.m); };
  const auto bad_d_or_dmin = [](const auto& block) {
    return !is_finite_f16(block.d) || !is_finite_f16(block.dmin);
  };
  switch (type) {
    case DType::F32:
      return find_bad<uint32_t>(row, n,
                                [](uint32_t x) { return (x & 0x7f800000u) == 0x7f800000u; });
    case DType::F16:
      return find_bad<uint16_t>(row, n, [](uint16_t x) { return !is_finite_f16(x); });
    case DType::BF16:
      return find_bad<uint16_t>(row, n, [](uint16_t x) { return (x & 0x7f80u) == 0x7f80u; });
    case DType::Q4_0:
      return find_bad<BlockQ4_0>(row, blocks, bad_d);
    case DType::Q4_1:
      return find_bad<BlockQ4_1>(row, blocks, bad_d_or_m);
    case DType::Q5_0:
      return find_bad<BlockQ5_0>(row, blocks, bad_d);
    case DType::Q5_1:
      return find_bad<BlockQ5_1>(row, blocks, bad_d_or_m);
    case DType::Q8_0:
      return find_bad<BlockQ8_0>(row, blocks, bad_d);
    case DType::Q4_K:
      return find_bad<BlockQ4_K>(row, blocks, bad_d_or_dmin);
    case DType::Q5_K:
      return find_bad<BlockQ5_K>(row, blocks, bad_d_or_dmin);
    case DType::Q6_K:
      return find_bad<BlockQ6_K>(row, blocks, bad_d);
    default:
      fail("{} is no type of weights", name(type));
  }
}

Tensor to_float32(const Tensor& tensor) {
  return tensor.type() == DType::F32 ? tensor : copy_to_float32(tensor);
}

Tensor copy_to_float32(const Tensor& tensor) {
  Tensor converted(DType::F32, tensor.shape());
  const ConstTensorView from = tensor.view();
  const int64_t width = from.shape.back();
  for (int64_t row = 0; row < from.rows(); ++row) {
    decode_row(from.type, from.data + row * row_bytes(from.type, width), width,
               converted.mutable_view().f32() + row * width);
  }
  return converted;
}

}  // namespace jet
