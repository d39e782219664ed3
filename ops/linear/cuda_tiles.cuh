// Products of a few rows with block weights in tiles (tiles.h), and tiles widened to bf16; raw
// device pointers.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "core/dtype.h"
#include "ops/linear/cuda_few_rows.cuh"

namespace jet::cuda {

struct TileProduct {
  FewRows rows;                // w (and w_up): tiles of [out, in]
  DType type = DType::Q8_0;    // of the blocks
  const void* more = nullptr;  // [more_out, in] bf16: of the outputs behind those of w; or null
  int64_t more_out = 0;        // then w_up and bias are null
};

inline constexpr int kTileProductRows = 8;

// At most kTileProductRows rows, x_stride a multiple of 8, x and `more` at multiples of 16 bytes.
bool has_tile_product(const TileProduct& args);

// Reads w (and w_up, more) once, the first of them while earlier kernels end. Quants times x are
// exact, their sums in float32; a row's result does not depend on the rows beside it.
cudaError_t tile_product(const TileProduct& args, cudaStream_t stream);

// Rows [0, out) of tiles as a matrix [out, in] of bf16, each number rounded once.
cudaError_t widen_tiles(DType type, const void* tiles, int64_t out, int64_t in, void* to,
                        cudaStream_t stream);

}  // namespace jet::cuda
