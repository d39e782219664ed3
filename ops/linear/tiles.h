// Block weights as a device holds them: tiles of 16 rows in the order in which a warp multiplies
// them (cuda_tiles.cu).
//   tile   16 rows, units one after another along `in`; the last tile is filled up with zeros
//   unit   16 rows x 64 numbers of 4 bits, or x 32 of 8: 512 bytes of quants, then the scales
// Quants are those of the file; Q8_0, Q5_0 and Q6_K signed. The scale of a group (and its minimum)
// is one binary16: the file's own, or rounded once where a K format has it as a product.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.h"
#include "core/tensor.h"
#include "core/thread_pool.h"

#ifdef __CUDACC__
#define JET_HOST_AND_DEVICE __host__ __device__
#else
#define JET_HOST_AND_DEVICE
#endif

namespace jet {

inline constexpr int kTileRows = 16;
inline constexpr int kUnitQuantBytes = 512;

// number = d q, or d q + m; of 4 bits without a minimum d (q - 8).
struct TileFormat {
  int bits = 0;              // of a quant: 4 or 8 (two's complement)
  int group = 32;            // numbers of a row that share a scale
  bool has_minimum = false;  // beside each scale

  JET_HOST_AND_DEVICE constexpr int numbers() const { return bits == 4 ? 64 : 32; }  // of a unit
  JET_HOST_AND_DEVICE constexpr int groups() const { return numbers() / group; }
  JET_HOST_AND_DEVICE constexpr int scale_bytes() const { return has_minimum ? 4 : 2; }
  JET_HOST_AND_DEVICE constexpr int unit_bytes() const {
    return kUnitQuantBytes + kTileRows * groups() * scale_bytes();
  }
  JET_HOST_AND_DEVICE constexpr int64_t units(int64_t in) const {
    return (in + numbers() - 1) / numbers();
  }
};

// bits == 0: the type has no tiles.
JET_HOST_AND_DEVICE constexpr TileFormat tile_format(DType type) {
  switch (type) {
    case DType::Q8_0:
    case DType::Q5_0:
      return {8, 32, false};
    case DType::Q6_K:
      return {8, 16, false};
    case DType::Q5_1:
    case DType::Q5_K:
      return {8, 32, true};
    case DType::Q4_0:
      return {4, 32, false};
    case DType::Q4_1:
    case DType::Q4_K:
      return {4, 32, true};
    default:
      return {};
  }
}

constexpr bool has_tiles(DType type) { return tile_format(type).bits != 0; }

constexpr int64_t tiles_bytes(DType type, int64_t out, int64_t in) {
  const TileFormat format = tile_format(type);
  return (out + kTileRows - 1) / kTileRows * format.units(in) * format.unit_bytes();
}

// Where the quant of row `row` (of 16) and number k stands in a unit. Lane l of a warp has bytes
// 16 l to 16 l + 15, all of rows l / 4 and l / 4 + 8: for each step of 16 numbers two pairs of each
// row, so that a mask and a shift take a pair apart into 16-bit halves.
struct QuantPlace {
  int byte;
  int shift;  // 0, or 4: the high half of the byte
};
JET_HOST_AND_DEVICE constexpr QuantPlace quant_place(TileFormat format, int row, int k) {
  const int upper = row / 8, pair = k % 4 / 2, second = k % 2;
  if (format.bits == 4) {
    const int lane = row % 8 * 4 + k % 32 / 8;
    const int step = k / 32 * 2 + k % 8 / 4;
    const int half_byte = second * 4 + pair * 2 + upper;
    return {lane * 16 + step * 4 + half_byte / 2, half_byte % 2 * 4};
  }
  const int lane = row % 8 * 4 + (format.group == 32 ? k / 8 : k % 16 / 4);
  const int step = format.group == 32 ? k % 8 / 4 : k / 16;
  return {lane * 16 + (step * 2 + upper) * 4 + second * 2 + pair, 0};
}
JET_HOST_AND_DEVICE constexpr int scale_place(TileFormat format, int row, int k) {
  const int at = (row % 8 * 2 + row / 8) * format.groups() + k / format.group;
  return kUnitQuantBytes + at * format.scale_bytes();
}

// Tiles of rows [begin, end) of a [out, in] matrix of a type with tiles; begin a multiple of 16.
// Threads share the tiles. Throws Error on a K format's scale that is beyond binary16.
void make_tiles(ThreadPool& threads, const ConstTensorView& matrix, int64_t begin, int64_t end,
                std::byte* tiles);

}  // namespace jet
