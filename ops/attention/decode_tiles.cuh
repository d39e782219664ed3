// Products of decode_attention over a tile of 16 positions in shared memory, in bf16 and in e4m3:
//   scores: S^T [16, 8 heads] = K q^T      mix: Y^T [width, 8 heads] += V^T P^T
// Both take the tile as the left operand, so that a group of up to 8 heads fills the 8 columns.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "ops/cuda/tensor_core.cuh"

namespace jet::cuda {

__device__ __forceinline__ uint32_t pack_half(float low, float high) {
  const __half2 pair = __floats2half2_rn(low, high);
  return reinterpret_cast<const uint32_t&>(pair);
}

// Two e4m3 numbers as halves.
__device__ __forceinline__ uint32_t widen(uint32_t bytes) {
  const __half2_raw pair =
      __nv_cvt_fp8x2_to_halfraw2(static_cast<__nv_fp8x2_storage_t>(bytes & 0xffff), __NV_E4M3);
  return reinterpret_cast<const uint32_t&>(pair);
}

__device__ __forceinline__ void multiply_add_half(float (&sums)[4], const uint32_t (&a)[4],
                                                  uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Where a 16-byte piece of a row stands in a tile: eight rows of one piece meet no bank twice.
template <int kRowBytes>
__device__ __forceinline__ uint32_t place(int row, int piece) {
  const int turn = kRowBytes >= 128 ? row & 7 : (row >> 1) & 3;
  return static_cast<uint32_t>(row * kRowBytes + ((piece ^ turn) << 4));
}

// The products over a tile of bf16.
template <int kWidth>
struct BFloat16Tile {
  static constexpr int kRowBytes = 2 * kWidth;
  static constexpr int kSteps = kWidth / 16;

  // The numbers of q^T [16 kSteps, 8] that this lane multiplies.
  __device__ static void load_queries(uint32_t (&b)[kSteps][2], const __nv_bfloat16* q, bool exists,
                                      float scale) {
    const int lane = threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < kSteps * 2; ++i) {
      const int at = i / 2 * 16 + i % 2 * 8 + lane % 4 * 2;
      b[i / 2][i % 2] =
          exists ? pack_bf16(__bfloat162float(q[at]) * scale, __bfloat162float(q[at + 1]) * scale)
                 : 0;
    }
  }
  __device__ static void scores(float (&s)[4], const uint32_t (&q)[kSteps][2], uint32_t tile) {
    const int lane = threadIdx.x % 32, row = lane & 15, half = lane >> 4;
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      uint32_t a[4];
      load_matrices(a, tile + place<kRowBytes>(row, step * 2 + half));
      multiply_add(s, a, q[step][0], q[step][1]);
    }
  }
  __device__ static uint32_t pack(float low, float high) { return pack_bf16(low, high); }
  __device__ static void mix(float (&y)[kWidth / 16][4], uint32_t p0, uint32_t p1, uint32_t tile) {
    const int lane = threadIdx.x % 32;
    const int row = (lane & 7) + ((lane & 16) >> 1), half = (lane >> 3) & 1;
#pragma unroll
    for (int i = 0; i < kWidth / 16; ++i) {
      uint32_t a[4];
      load_matrices_transposed(a, tile + place<kRowBytes>(row, i * 2 + half));
      multiply_add(y[i], a, p0, p1);
    }
  }
  // Which number of a head y[i][j] is.
  __device__ static int column(int i, int j) {
    return i * 16 + static_cast<int>(threadIdx.x % 32) / 4 + j / 2 * 8;
  }
};

// The same over e4m3: four neighbouring numbers of a key stand for two pairs of a step, and even
// and odd numbers of a value for the upper and lower rows of a product; products are in halves.
template <int kWidth>
struct Float8Tile {
  static constexpr int kRowBytes = kWidth;
  static constexpr int kSteps = kWidth / 16;

  __device__ static void load_queries(uint32_t (&b)[kSteps][2], const __nv_bfloat16* q, bool exists,
                                      float scale) {
    const int lane = threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < kSteps * 2; ++i) {
      const int at = i / 2 * 16 + lane % 4 * 4 + i % 2 * 2;
      b[i / 2][i % 2] =
          exists ? pack_half(__bfloat162float(q[at]) * scale, __bfloat162float(q[at + 1]) * scale)
                 : 0;
    }
  }
  __device__ static void scores(float (&s)[4], const uint32_t (&q)[kSteps][2], uint32_t tile) {
    const int lane = threadIdx.x % 32, row = lane & 15, half = lane >> 4;
#pragma unroll
    for (int pair = 0; pair < kSteps / 2; ++pair) {
      uint32_t bytes[4];
      load_matrices(bytes, tile + place<kRowBytes>(row, pair * 2 + half));
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const uint32_t top = bytes[2 * i], bottom = bytes[2 * i + 1];
        const uint32_t a[4] = {widen(top), widen(bottom), widen(top >> 16), widen(bottom >> 16)};
        multiply_add_half(s, a, q[pair * 2 + i][0], q[pair * 2 + i][1]);
      }
    }
  }
  __device__ static uint32_t pack(float low, float high) { return pack_half(low, high); }
  __device__ static void mix(float (&y)[kWidth / 16][4], uint32_t p0, uint32_t p1, uint32_t tile) {
    const int lane = threadIdx.x % 32;
    const int row = lane & 15, half = lane >> 4;
#pragma unroll
    for (int pair = 0; pair < kWidth / 32; ++pair) {
      uint32_t bytes[4];  // positions 0-7 and 8-15 of numbers 16 pair2.., then of the next 16
      load_matrices_transposed(bytes, tile + place<kRowBytes>(row, pair * 2 + half));
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const uint32_t early = bytes[2 * i], late = bytes[2 * i + 1];
        const uint32_t a[4] = {
            widen(__byte_perm(early, 0, 0x4420)), widen(__byte_perm(early, 0, 0x4431)),
            widen(__byte_perm(late, 0, 0x4420)), widen(__byte_perm(late, 0, 0x4431))};
        multiply_add_half(y[pair * 2 + i], a, p0, p1);
      }
    }
  }
  __device__ static int column(int i, int j) {
    return i * 16 + static_cast<int>(threadIdx.x % 32) / 4 * 2 + j / 2;
  }
};

}  // namespace jet::cuda
