// Products of a 64-row left operand in registers (16 rows a warp) with tiles in shared memory, for
// every GPU since sm_80: each warp reads the tiles by itself and multiplies with mma.sync. The same
// interface as WarpgroupProducts, with nothing to wait for.
#pragma once

#include "ops/cuda/tensor_core.cuh"

namespace jet::cuda {

struct WarpProducts {
  static constexpr bool kRuns = true;  // on the GPU compiled for
  static constexpr bool kGivesRegisters = false;
  template <int kRegisters>
  __device__ static void take_registers() {}
  template <int kRegisters>
  __device__ static void give_registers() {}
  __device__ static void begin() {}
  __device__ static void commit() {}
  template <int kPending>
  __device__ static void wait() {}

  // sums [16, 8 kTiles] = a [16, 16 kSteps] tile^T; tile [8 kTiles, 16 kSteps].
  template <int kSteps, int kTiles>
  __device__ static void times_transposed(float (&sums)[kTiles][4], const uint32_t (&a)[kSteps][4],
                                          uint32_t tile) {
    clear(sums);
    multiply_transposed<false>(sums, a, tile, kPanelBytes);
  }

  // sums [16, 64] = a [16, 64] tile^T; tile [64, 64] lower triangular, the upper half of its second
  // panel left out.
  __device__ static void times_lower(float (&sums)[8][4], const uint32_t (&a)[4][4],
                                     uint32_t tile) {
    clear(sums);
    multiply_transposed<true>(sums, a, tile, kPanelBytes / 2);
  }

  // sums [16, 64] += a [16, 64] tile^T; tile [64, 64] lower triangular with zeros above.
  __device__ static void add_lower(float (&sums)[8][4], const uint32_t (&a)[4][4], uint32_t tile) {
    multiply_transposed<true>(sums, a, tile, kPanelBytes);
  }

  // sums [16, 8 kTiles] += a [16, 16 kSteps] tile; tile [16 kSteps, 8 kTiles].
  template <int kSteps, int kTiles>
  __device__ static void times(float (&sums)[kTiles][4], const uint32_t (&a)[kSteps][4],
                               uint32_t tile) {
    const int lane = threadIdx.x % 32;
    const int row = lane & 15, half = lane >> 4;
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
#pragma unroll
      for (int pair = 0; pair < kTiles / 2; ++pair) {
        uint32_t b[4];
        load_matrices_transposed(b, tile + step * 1024 + (pair / 2) * kPanelBytes +
                                        panel_offset(row, (pair & 1) * 2 + half));
        multiply_add(sums[2 * pair], a[step], b[0], b[1]);
        multiply_add(sums[2 * pair + 1], a[step], b[2], b[3]);
      }
    }
  }

 private:
  template <bool kLower, int kSteps, int kTiles>
  __device__ static void multiply_transposed(float (&sums)[kTiles][4],
                                             const uint32_t (&a)[kSteps][4], uint32_t tile,
                                             int panel_bytes) {
    const int lane = threadIdx.x % 32;
    const int row = (lane & 7) + ((lane & 16) >> 1), half = (lane >> 3) & 1;
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      const uint32_t from =
          tile + (step / 2) * panel_bytes + panel_offset(row, (step & 1) * 2 + half);
#pragma unroll
      for (int pair = kLower ? step : 0; pair < kTiles / 2; ++pair) {
        uint32_t b[4];
        load_matrices(b, from + pair * 1024);
        multiply_add(sums[2 * pair], a[step], b[0], b[1]);
        multiply_add(sums[2 * pair + 1], a[step], b[2], b[3]);
      }
    }
  }

  template <int kTiles>
  __device__ static void clear(float (&sums)[kTiles][4]) {
#pragma unroll
    for (int i = 0; i < kTiles * 4; ++i) sums[i / 4][i % 4] = 0.0f;
  }
};

}  // namespace jet::cuda
