// Weights repacked for the fast path: panels of 16 rows, so that a row is a lane. Floats lie as
// float_panels.h says; blocks, for integer dot products, as follows.
//   panel   16 rows, blocks of 32 numbers one after another; the last panel is filled up with zeros
//   block   quants, then what its numbers are scaled with, 16 lanes each
// Quants are unsigned, in words of 4 numbers: word j of a lane holds numbers 4 j to 4 j + 3.
//   low bits   4-bit: 4 x [16 lanes][4 bytes], low half word j, high half word j + 4; 8-bit: 8 x
//   [16][4] high bits  of 5: [16][4], bit j is of word j;  of 6: 2 x [16][4], bits 2 j are of word
//   j (% 4)
// Nothing is rounded: a packed weight stands for the very numbers of the file.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/dtype.h"
#include "core/tensor.h"
#include "core/thread_pool.h"
#include "ops/linear/packed_memory.h"

namespace jet {

inline constexpr int64_t kPanelRows = 16;
inline constexpr int64_t kPackedBlock = 32;  // numbers of a row

// How a type's blocks lie in a panel.
struct PackedFormat {
  int64_t quant_bytes = 0;  // of a block of 16 x 32
  int64_t scale_bytes = 0;  // behind the quants
  int64_t group_bytes = 0;  // before each group of blocks: 16-bit factors of their scales
  int64_t group = 1;        // blocks of a group

  constexpr int64_t block_bytes() const { return quant_bytes + scale_bytes; }
  constexpr int64_t bytes(int64_t blocks) const {
    return blocks * block_bytes() + blocks / group * group_bytes;
  }
};

struct PackedWeight {
  DType type = DType::Q4_0;
  int64_t out = 0;
  int64_t in = 0;
  Tensor bytes;  // u8, panels

  int64_t panels() const { return (out + kPanelRows - 1) / kPanelRows; }
  int64_t blocks() const { return in / kPackedBlock; }
  int64_t panel_bytes() const;
  const std::byte* panel(int64_t index) const;
};

// Of a block type.
constexpr PackedFormat packed_format(DType type) {
  switch (type) {
    case DType::Q4_0:
    case DType::Q4_1:
      return {256, type == DType::Q4_0 ? 32 : 64, 0, 1};  // d; m
    case DType::Q5_0:
    case DType::Q5_1:
      return {320, type == DType::Q5_0 ? 32 : 64, 0, 1};  // d; m
    case DType::Q8_0:
      return {512, 32, 0, 1};  // d
    case DType::Q4_K:
    case DType::Q5_K:
      return {type == DType::Q4_K ? 256 : 320, 32, 64, 8};  // s, min in bytes; d, dmin of a group
    case DType::Q6_K:
      return {384, 32, 32, 8};  // s of each half block in bytes; d of a group
    default:
      return {};
  }
}

// What a number's quant is less than its unsigned form by; types without have a minimum instead.
constexpr int quant_offset(DType type) {
  switch (type) {
    case DType::Q4_0:
      return 8;
    case DType::Q5_0:
      return 16;
    case DType::Q6_K:
      return 32;
    case DType::Q8_0:
      return 128;
    default:
      return 0;
  }
}

constexpr int high_bits(DType type) {
  if (type == DType::Q6_K) return 2;
  return type == DType::Q5_0 || type == DType::Q5_1 || type == DType::Q5_K ? 1 : 0;
}

// [out, in] of any floating or block type; threads share the panels. Throws Error when memory is
// exhausted.
PackedWeight pack(ThreadPool& threads, PackedMemory& memory, const ConstTensorView& rows);

}  // namespace jet
