// 16-bit floats, in loops without branches so that compilers vectorise them.
#include "core/block_types/floats.h"

#include <bit>

#include "core/half.h"

namespace jet {
namespace {

// As f16_to_float, every case computed and one selected.
inline float f16_to_float_select(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t shifted = static_cast<uint32_t>(half & 0x7fffu) << 13;
  const uint32_t normal = shifted + 0x38000000u;  // the exponent's bias: 127 - 15
  const uint32_t special = shifted | 0x7f800000u;
  // 2^-14 + magnitude * 2^-24, less 2^-14: no subnormal float32 is ever met, they are slow.
  const float subnormal = std::bit_cast<float>(shifted + 0x38800000u) - 0x1p-14f;
  uint32_t bits = shifted < 0x00800000u ? std::bit_cast<uint32_t>(subnormal) : normal;
  bits = shifted < 0x0f800000u ? bits : special;
  return std::bit_cast<float>(sign | bits);
}

}  // namespace

void decode_f16(const std::byte* row, int64_t n, float* __restrict out) {
  const auto* halves = reinterpret_cast<const uint16_t*>(row);
  for (int64_t i = 0; i < n; ++i) out[i] = f16_to_float_select(halves[i]);
}

void decode_bf16(const std::byte* row, int64_t n, float* __restrict out) {
  const auto* halves = reinterpret_cast<const uint16_t*>(row);
  for (int64_t i = 0; i < n; ++i) out[i] = bf16_to_float(halves[i]);
}

void encode_f16(const float* row, int64_t n, std::byte* out) {
  auto* halves = reinterpret_cast<uint16_t*>(out);
  for (int64_t i = 0; i < n; ++i) halves[i] = float_to_f16(row[i]);
}

void encode_bf16(const float* row, int64_t n, std::byte* out) {
  auto* halves = reinterpret_cast<uint16_t*>(out);
  for (int64_t i = 0; i < n; ++i) halves[i] = float_to_bf16(row[i]);
}

}  // namespace jet
