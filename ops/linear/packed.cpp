#include "ops/linear/packed.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/block_types/q4_0.h"
#include "core/block_types/q4_1.h"
#include "core/block_types/q4_k.h"
#include "core/block_types/q5_0.h"
#include "core/block_types/q5_1.h"
#include "core/block_types/q5_k.h"
#include "core/block_types/q6_k.h"
#include "core/block_types/q8_0.h"
#include "core/error.h"
#include "ops/linear/float_panels.h"

namespace jet {
namespace {

// Writes one row's lane of a panel.
struct Lane {
  std::byte* panel;
  size_t lane;
  PackedFormat format;

  uint8_t* block(int64_t b) const {
    const int64_t before = format.bytes(b / format.group * format.group) + format.group_bytes +
                           b % format.group * format.block_bytes();
    return reinterpret_cast<uint8_t*>(panel) + before;
  }
  uint8_t* word(int64_t b, size_t j) const { return block(b) + (j * kPanelRows + lane) * 4; }
  // Number `index` of the 16-bit or 8-bit lanes behind the quants.
  void set_half(int64_t b, size_t index, uint16_t bits) const {
    std::memcpy(block(b) + format.quant_bytes + (index * kPanelRows + lane) * 2, &bits, 2);
  }
  void set_byte(int64_t b, size_t index, uint8_t value) const {
    block(b)[static_cast<size_t>(format.quant_bytes) + index * kPanelRows + lane] = value;
  }
  // Number `index` of the 16-bit lanes before block b's group.
  void set_group(int64_t b, size_t index, uint16_t bits) const {
    std::memcpy(block(b) - format.group_bytes + (index * kPanelRows + lane) * 2, &bits, 2);
  }
  // 32 numbers of 5 or 6 bits (of 4: their high bits are 0 and have no place).
  void set_quants(int64_t b, const std::array<uint8_t, 32>& quants, int high_bits) const {
    for (size_t i = 0; i < 16; ++i) {
      word(b, i / 4)[i % 4] = static_cast<uint8_t>((quants[i] & 15) | quants[i + 16] << 4);
    }
    for (size_t i = 0; i < 32 && high_bits > 0; ++i) {
      const size_t words = high_bits == 1 ? 8 : 4;  // that share a vector of high bits
      const size_t j = i / 4;
      const auto shift = static_cast<int>(j % words) * high_bits;
      uint8_t& byte = word(b, 4 + j / words)[i % 4];
      byte = static_cast<uint8_t>(byte | (quants[i] >> 4) << shift);
    }
  }
};

template <size_t N>
uint8_t fifth_bit(const std::array<uint8_t, N>& high, size_t i) {
  return static_cast<uint8_t>(high[i / 8] >> (i % 8) & 1);
}

template <typename Block>
void pack_row(const Block* blocks, int64_t count, const Lane& lane) {
  for (int64_t b = 0; b < count; ++b) {
    const Block block = blocks[b];
    if constexpr (requires { block.high; }) {
      std::array<uint8_t, 32> quants;
      for (size_t i = 0; i < 16; ++i) {
        quants[i] = static_cast<uint8_t>((block.quants[i] & 15) | fifth_bit(block.high, i) << 4);
        quants[i + 16] =
            static_cast<uint8_t>(block.quants[i] >> 4 | fifth_bit(block.high, i + 16) << 4);
      }
      lane.set_quants(b, quants, 1);
    } else {
      for (size_t j = 0; j < 4; ++j) std::memcpy(lane.word(b, j), block.quants.data() + 4 * j, 4);
    }
    lane.set_half(b, 0, block.d);
    if constexpr (requires { block.m; }) lane.set_half(b, 1, block.m);
  }
}

template <>
void pack_row(const BlockQ8_0* blocks, int64_t count, const Lane& lane) {
  for (int64_t b = 0; b < count; ++b) {
    for (size_t j = 0; j < 8; ++j) {
      uint32_t word = 0;
      std::memcpy(&word, blocks[b].quants.data() + 4 * j, 4);
      word ^= 0x80808080u;  // unsigned: q + 128
      std::memcpy(lane.word(b, j), &word, 4);
    }
    lane.set_half(b, 0, blocks[b].d);
  }
}

// Q4_K and Q5_K.
template <typename Block>
void pack_k_row(const Block* blocks, int64_t count, const Lane& lane) {
  for (int64_t b = 0; b < count; ++b) {
    const Block block = blocks[b];
    for (size_t group = 0; group < Block::kGroups; ++group) {
      const int64_t to = b * Block::kGroups + static_cast<int64_t>(group);
      std::array<uint8_t, 32> quants;
      for (size_t j = 0; j < 32; ++j) {
        const uint8_t pair = block.quants[32 * (group / 2) + j];
        quants[j] = static_cast<uint8_t>(group % 2 == 0 ? pair & 15 : pair >> 4);
        if constexpr (requires { block.high; })
          quants[j] = static_cast<uint8_t>(quants[j] | (block.high[j] >> group & 1) << 4);
      }
      lane.set_quants(
          to, quants, requires { block.high; } ? 1 : 0);
      const auto [scale, min] = unpack_scale(block.scales, group);
      lane.set_byte(to, 0, scale);
      lane.set_byte(to, 1, min);
    }
    lane.set_group(b * Block::kGroups, 0, block.d);
    lane.set_group(b * Block::kGroups, 1, block.dmin);
  }
}

void pack_k_row(const BlockQ6_K* blocks, int64_t count, const Lane& lane) {
  for (int64_t b = 0; b < count; ++b) {
    const BlockQ6_K block = blocks[b];
    for (size_t part = 0; part < 8; ++part) {  // 32 numbers
      const int64_t to = b * 8 + static_cast<int64_t>(part);
      const size_t half = part / 4;
      const size_t k = part % 4;
      std::array<uint8_t, 32> quants;
      for (size_t j = 0; j < 32; ++j) {
        const uint8_t low = block.low[64 * half + 32 * (k % 2) + j];
        const uint8_t high = block.high[32 * half + j];
        quants[j] =
            static_cast<uint8_t>((k < 2 ? low & 15 : low >> 4) | (high >> (2 * k) & 3) << 4);
      }
      lane.set_quants(to, quants, 2);
      lane.set_byte(to, 0, static_cast<uint8_t>(block.scales[2 * part]));
      lane.set_byte(to, 1, static_cast<uint8_t>(block.scales[2 * part + 1]));
    }
    lane.set_group(b * 8, 0, block.d);
  }
}

// Blocks of a mapped file may lie at any even address; they are read as bytes and 16-bit numbers.
template <typename Block>
const Block* blocks_at(const std::byte* row) {
  return reinterpret_cast<const Block*>(row);
}

void pack_one(DType type, const std::byte* row, int64_t in, const Lane& lane) {
  switch (type) {
    case DType::Q4_0:
      return pack_row(blocks_at<BlockQ4_0>(row), in / 32, lane);
    case DType::Q4_1:
      return pack_row(blocks_at<BlockQ4_1>(row), in / 32, lane);
    case DType::Q5_0:
      return pack_row(blocks_at<BlockQ5_0>(row), in / 32, lane);
    case DType::Q5_1:
      return pack_row(blocks_at<BlockQ5_1>(row), in / 32, lane);
    case DType::Q8_0:
      return pack_row(blocks_at<BlockQ8_0>(row), in / 32, lane);
    case DType::Q4_K:
      return pack_k_row(blocks_at<BlockQ4_K>(row), in / 256, lane);
    case DType::Q5_K:
      return pack_k_row(blocks_at<BlockQ5_K>(row), in / 256, lane);
    case DType::Q6_K:
      return pack_k_row(blocks_at<BlockQ6_K>(row), in / 256, lane);
    default:
      JET_CHECK(is_quantised(type));
  }
}

}  // namespace

int64_t PackedWeight::panel_bytes() const {
  return is_float(type) ? kPanelRows * row_bytes(type, in) : packed_format(type).bytes(blocks());
}

const std::byte* PackedWeight::panel(int64_t index) const {
  return bytes.view().data + index * panel_bytes();
}

PackedWeight pack(ThreadPool& threads, PackedMemory& memory, const ConstTensorView& rows) {
  const PackedFormat format = packed_format(rows.type);
  PackedWeight packed{.type = rows.type, .out = rows.shape[0], .in = rows.shape[1], .bytes = {}};
  const int64_t panel_bytes = packed.panel_bytes();
  const PackedMemory::Piece piece = memory.take(packed.panels() * panel_bytes);
  packed.bytes = Tensor({piece.data, DType::U8, Shape{packed.panels() * panel_bytes}}, piece.owner);
  const int64_t stride = row_bytes(rows.type, packed.in);
  threads.parallel_for(packed.panels(), 1, [&](int64_t begin, int64_t end, int) {
    if (is_float(rows.type)) {
      for (int64_t panel = begin; panel < end; ++panel) {
        const int64_t row = panel * kPanelRows;
        pack_float_panel(rows.type, rows.data + row * stride,
                         std::min(kPanelRows, packed.out - row), packed.in,
                         piece.data + panel * panel_bytes);
      }
      return;
    }
    for (int64_t row = begin * kPanelRows; row < std::min(end * kPanelRows, packed.out); ++row) {
      const Lane lane{piece.data + row / kPanelRows * panel_bytes,
                      static_cast<size_t>(row % kPanelRows), format};
      pack_one(rows.type, rows.data + row * stride, packed.in, lane);
    }
  });
  return packed;
}

}  // namespace jet
