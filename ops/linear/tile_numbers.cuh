// Reading tiles of block weights (tiles.h) on the device.
#pragma once

#include <type_traits>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "core/cuda/check.cuh"
#include "ops/linear/tiles.h"

namespace jet::cuda {

__device__ inline float half_bits(uint32_t bits) {
  return __half2float(__ushort_as_half(static_cast<unsigned short>(bits & 0xffffu)));
}

// A lane's scales of a unit: of rows l / 4 and l / 4 + 8, groups of a row side by side.
template <DType kType>
struct UnitScales {
  static constexpr TileFormat kFormat = tile_format(kType);
  static constexpr int kGroups = kFormat.groups();
  static constexpr int kWords = 2 * kFormat.groups() * kFormat.scale_bytes() / 4;
  uint32_t words[kWords];

  __device__ static UnitScales none() {
    UnitScales scales;
#pragma unroll
    for (int i = 0; i < kWords; ++i) scales.words[i] = 0;
    return scales;
  }
  __device__ static UnitScales load(const std::byte* unit, int lane) {
    const std::byte* from = unit + kUnitQuantBytes + lane / 4 * (4 * kWords);
    UnitScales scales;
    if constexpr (kWords == 4) {
      const uint4 all = __ldcs(reinterpret_cast<const uint4*>(from));
      scales.words[0] = all.x;
      scales.words[1] = all.y;
      scales.words[2] = all.z;
      scales.words[3] = all.w;
    } else if constexpr (kWords == 2) {
      const uint2 all = __ldcs(reinterpret_cast<const uint2*>(from));
      scales.words[0] = all.x;
      scales.words[1] = all.y;
    } else {
      scales.words[0] = __ldcs(reinterpret_cast<const uint32_t*>(from));
    }
    return scales;
  }
  __device__ float scale(int upper, int group) const {
    const int at = upper * kGroups + group;
    if constexpr (kFormat.has_minimum) return half_bits(words[at]);
    return half_bits(words[at / 2] >> (at % 2 * 16));
  }
  __device__ float minimum(int upper, int group) const {
    return half_bits(words[upper * kGroups + group] >> 16);
  }
};

// What to take off 128 + quant in bf16, both halves: 128, and for Q4_0 its 8.
template <DType kType>
inline constexpr uint32_t kOffsets = tile_format(kType).has_minimum ? 0x43004300u : 0x43084308u;

__device__ inline uint32_t subtract_bf16(uint32_t a, uint32_t b) {
  const __nv_bfloat162 difference = __hsub2(reinterpret_cast<const __nv_bfloat162&>(a),
                                            reinterpret_cast<const __nv_bfloat162&>(b));
  return reinterpret_cast<const uint32_t&>(difference);
}

// Bytes 0 and 2 as two signed numbers in bf16, exactly: 128 + the low 7 bits, less 128 or 256.
__device__ inline uint32_t signed_pair(uint32_t bytes) {
  return subtract_bf16((bytes & 0x007f007fu) | 0x43004300u, (bytes & 0x00800080u) | 0x43004300u);
}

// The quants of step `step` of 16 numbers as the left operand of a tensor-core product: numbers
// 0, 1 of row l / 4, of row l / 4 + 8, then numbers 2, 3. bf16 holds them exactly.
template <DType kType>
__device__ void quants(const uint32_t (&lane_words)[4], int step, uint32_t (&pairs)[4]) {
  constexpr TileFormat kFormat = tile_format(kType);
  if constexpr (kFormat.bits == 4) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const uint32_t bits = lane_words[step] >> (4 * i) & 0x000f000fu;
      pairs[i] = subtract_bf16(bits | 0x43004300u, kOffsets<kType>);
    }
  } else {
#pragma unroll
    for (int upper = 0; upper < 2; ++upper) {
      const uint32_t bytes = lane_words[2 * step + upper];
      pairs[upper] = signed_pair(bytes);
      pairs[2 + upper] = signed_pair(bytes >> 8);
    }
  }
}

// Number k of row `row` of a matrix in tiles.
template <DType kType>
__device__ float tile_number(const std::byte* tiles, int64_t in, int64_t row, int64_t k) {
  constexpr TileFormat kFormat = tile_format(kType);
  const std::byte* unit =
      tiles + (row / kTileRows * kFormat.units(in) + k / kFormat.numbers()) * kFormat.unit_bytes();
  const int in_tile = static_cast<int>(row % kTileRows);
  const int in_unit = static_cast<int>(k % kFormat.numbers());
  const QuantPlace place = quant_place(kFormat, in_tile, in_unit);
  const int byte = static_cast<int>(unit[place.byte]);
  int q = kFormat.bits == 4 ? byte >> place.shift & 15 : (byte ^ 128) - 128;
  if (kFormat.bits == 4 && !kFormat.has_minimum) q -= 8;
  const auto* scale =
      reinterpret_cast<const uint16_t*>(unit + scale_place(kFormat, in_tile, in_unit));
  const float minimum = kFormat.has_minimum ? half_bits(scale[1]) : 0.0f;
  return half_bits(scale[0]) * static_cast<float>(q) + minimum;
}

// Calls body with a tag of the first type that has this one's format: with_tile_format(type,
// [&](auto tag) { body<tag.value>... }).
template <typename Body>
auto with_tile_format(DType type, Body&& body) {
  switch (type) {
    case DType::Q8_0:
    case DType::Q5_0:
      return body(std::integral_constant<DType, DType::Q8_0>());
    case DType::Q6_K:
      return body(std::integral_constant<DType, DType::Q6_K>());
    case DType::Q5_1:
    case DType::Q5_K:
      return body(std::integral_constant<DType, DType::Q5_1>());
    case DType::Q4_0:
      return body(std::integral_constant<DType, DType::Q4_0>());
    case DType::Q4_1:
    case DType::Q4_K:
      return body(std::integral_constant<DType, DType::Q4_1>());
    default:
      fail_cuda("tiles of " + std::string(name(type)));
  }
}

}  // namespace jet::cuda
