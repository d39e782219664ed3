// Sixteen bytes of a row at a time: the widest access a thread has.
#pragma once

#include "core/cuda/numbers.cuh"

namespace jet {

template <typename Number>
constexpr int kPiece = 16 / static_cast<int>(sizeof(Number));  // numbers

// `from` and `to` at multiples of 16 bytes.
template <typename Number>
__device__ void load_piece(const Number* from, float (&x)[kPiece<Number>]) {
  const uint4 bytes = *reinterpret_cast<const uint4*>(from);
  const auto* numbers = reinterpret_cast<const Number*>(&bytes);
#pragma unroll
  for (int i = 0; i < kPiece<Number>; ++i) x[i] = number(numbers[i]);
}

template <typename Number>
__device__ void store_piece(Number* to, const float (&x)[kPiece<Number>]) {
  uint4 bytes;
  auto* numbers = reinterpret_cast<Number*>(&bytes);
#pragma unroll
  for (int i = 0; i < kPiece<Number>; ++i) put(numbers + i, x[i]);
  *reinterpret_cast<uint4*>(to) = bytes;
}

// Whether every row begins at a multiple of 16 bytes and `width` numbers are whole pieces.
inline bool is_in_pieces(const ConstTensorView& rows, int64_t width) {
  const int64_t piece = 16 / block_bytes(rows.type);
  return reinterpret_cast<uintptr_t>(rows.data) % 16 == 0 && outer_stride(rows) % piece == 0 &&
         width % piece == 0;
}

}  // namespace jet
