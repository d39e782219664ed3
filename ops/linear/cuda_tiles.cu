// Products of up to 8 rows with block weights in tiles: the warps of a block share a tile of 16
// outputs and split `in`. The 16 bytes of quants that a lane takes from a unit are its part of the
// left operand of tensor-core products with x; the sums of a group are then scaled in float32.
#include <cuda_bf16.h>

#include "core/cuda/launch.cuh"
#include "ops/cuda/tensor_core.cuh"
#include "ops/linear/cuda_tiles.cuh"
#include "ops/linear/few_rows_output.cuh"
#include "ops/linear/tile_numbers.cuh"

namespace jet::cuda {
namespace {

constexpr int kColumns = kTileProductRows;

template <DType kType>
constexpr int kSteps = tile_format(kType).numbers() / 16;  // of a unit, 16 numbers each

// The right operand of a unit's products: row l / 4 of x (null: zeros), the numbers that the
// lane's quants meet, from number `begin` on.
template <DType kType>
__device__ void load_x(const __nv_bfloat16* row, int64_t begin, int64_t in,
                       uint32_t (&x)[kSteps<kType>][2]) {
  constexpr TileFormat kFormat = tile_format(kType);
  const int quarter = static_cast<int>(threadIdx.x % 4);
  if constexpr (kFormat.group == 32) {
#pragma unroll
    for (int g = 0; g < kFormat.groups(); ++g) {
      const int64_t at = begin + 32 * g + 8 * quarter;
      const uint4 numbers =
          row != nullptr && at < in ? *reinterpret_cast<const uint4*>(row + at) : uint4{0, 0, 0, 0};
      x[2 * g][0] = numbers.x;
      x[2 * g][1] = numbers.y;
      x[2 * g + 1][0] = numbers.z;
      x[2 * g + 1][1] = numbers.w;
    }
  } else {
#pragma unroll
    for (int step = 0; step < kSteps<kType>; ++step) {
      const int64_t at = begin + 16 * step + 4 * quarter;
      const uint2 numbers =
          row != nullptr && at < in ? *reinterpret_cast<const uint2*>(row + at) : uint2{0, 0};
      x[step][0] = numbers.x;
      x[step][1] = numbers.y;
    }
  }
}

// sums [16 x 8] += d (q x) + m (the sum of x), group by group.
template <DType kType, int kMatrices>
__device__ void accumulate(const uint32_t (&quant_words)[kMatrices][4],
                           const UnitScales<kType> (&scales)[kMatrices],
                           const uint32_t (&x)[kSteps<kType>][2], float (&sums)[kMatrices][4]) {
  constexpr TileFormat kFormat = tile_format(kType);
  constexpr int kGroupSteps = kFormat.group / 16;
  constexpr uint32_t kOnes[4] = {0x3f803f80u, 0x3f803f80u, 0x3f803f80u, 0x3f803f80u};
#pragma unroll
  for (int g = 0; g < kFormat.groups(); ++g) {
    float sum_of_x[4] = {};
    if constexpr (kFormat.has_minimum) {
#pragma unroll
      for (int i = 0; i < kGroupSteps; ++i)
        multiply_add(sum_of_x, kOnes, x[g * kGroupSteps + i][0], x[g * kGroupSteps + i][1]);
    }
#pragma unroll
    for (int m = 0; m < kMatrices; ++m) {
      float part[4] = {};
#pragma unroll
      for (int i = 0; i < kGroupSteps; ++i) {
        const int step = g * kGroupSteps + i;
        uint32_t pairs[4];
        quants<kType>(quant_words[m], step, pairs);
        multiply_add(part, pairs, x[step][0], x[step][1]);
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        sums[m][i] = fmaf(scales[m].scale(i / 2, g), part[i], sums[m][i]);
        if constexpr (kFormat.has_minimum)
          sums[m][i] = fmaf(scales[m].minimum(i / 2, g), sum_of_x[i], sums[m][i]);
      }
    }
  }
}

// The outputs of `more`: a warp each.
template <int kWarps>
__device__ void multiply_more(const TileProduct& args, int64_t block) {
  constexpr int kAhead = 8;  // loads under way, 8 numbers each
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int64_t output = block * kWarps + warp;
  if (output >= args.more_out) return;
  const int pieces = static_cast<int>(args.rows.in / 8);
  const auto* w = reinterpret_cast<const uint4*>(static_cast<const __nv_bfloat16*>(args.more) +
                                                 output * args.rows.in);
  uint4 ahead[kAhead];
#pragma unroll
  for (int i = 0; i < kAhead; ++i) {
    const int at = lane + 32 * i;
    ahead[i] = at < pieces ? __ldcs(w + at) : uint4{0, 0, 0, 0};
  }
  wait_for_earlier_kernels();
  float sums[kColumns] = {};
  for (int first = lane; first < pieces; first += 32 * kAhead) {
#pragma unroll
    for (int i = 0; i < kAhead; ++i) {
      const int at = first + 32 * i;
      if (at >= pieces) break;
      const uint4 numbers = first == lane ? ahead[i] : __ldcs(w + at);
#pragma unroll
      for (int r = 0; r < kColumns; ++r) {
        if (r >= args.rows.rows) break;
        const uint4 x = *reinterpret_cast<const uint4*>(
            static_cast<const __nv_bfloat16*>(args.rows.x) + r * args.rows.x_stride + 8 * at);
#pragma unroll
        for (int word = 0; word < 4; ++word) {
          const float2 a = unpack_bf16((&numbers.x)[word]), b = unpack_bf16((&x.x)[word]);
          sums[r] = fmaf(a.x, b.x, sums[r]);
          sums[r] = fmaf(a.y, b.y, sums[r]);
        }
      }
    }
  }
#pragma unroll
  for (int r = 0; r < kColumns; ++r) {
    if (r >= args.rows.rows) break;
    float sum = sums[r];
#pragma unroll
    for (int other = 16; other > 0; other /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
    if (lane == 0) write<1>(args.rows, args.rows.out + output, r, &sum, 0.0f);
  }
}

template <DType kType, int kWarps, int kMatrices>
__global__ void __launch_bounds__(32 * kWarps) multiply(const TileProduct args) {
  constexpr TileFormat kFormat = tile_format(kType);
  constexpr int kAhead = kFormat.bits == 4 ? 4 : 6;  // units under way
  __shared__ float shared[kWarps][kMatrices][kColumns][kTileRows];
  let_next_kernel_begin();
  const FewRows& call = args.rows;
  const int64_t tiles = (call.out + kTileRows - 1) / kTileRows;
  if (blockIdx.x >= tiles) return multiply_more<kWarps>(args, blockIdx.x - tiles);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int units = static_cast<int>(kFormat.units(call.in));
  const std::byte* w[kMatrices];
#pragma unroll
  for (int m = 0; m < kMatrices; ++m) {
    w[m] = static_cast<const std::byte*>(m == 0 ? call.w : call.w_up) +
           int64_t{blockIdx.x} * units * kFormat.unit_bytes();
  }
  uint32_t quant_words[kAhead][kMatrices][4];
  UnitScales<kType> scales[kAhead][kMatrices];
  const auto fetch = [&](int i, int unit) {
#pragma unroll
    for (int m = 0; m < kMatrices; ++m) {
      uint4 all{0, 0, 0, 0};
      scales[i][m] = UnitScales<kType>::none();
      if (unit < units) {
        const std::byte* from = w[m] + int64_t{unit} * kFormat.unit_bytes();
        all = __ldcs(reinterpret_cast<const uint4*>(from) + lane);
        scales[i][m] = UnitScales<kType>::load(from, lane);
      }
      quant_words[i][m][0] = all.x;
      quant_words[i][m][1] = all.y;
      quant_words[i][m][2] = all.z;
      quant_words[i][m][3] = all.w;
    }
  };
#pragma unroll
  for (int i = 0; i < kAhead; ++i) fetch(i, warp + i * kWarps);
  const int mine = static_cast<int>(threadIdx.x) % kTileRows;  // written by this thread
  const int64_t output = int64_t{blockIdx.x} * kTileRows + mine;
  const float bias = bias_of(call, output);
  wait_for_earlier_kernels();
  const __nv_bfloat16* x =
      lane / 4 < call.rows ? static_cast<const __nv_bfloat16*>(call.x) + lane / 4 * call.x_stride
                           : nullptr;
  float sums[kMatrices][4] = {};
  for (int first = warp; first < units; first += kWarps * kAhead) {
    uint32_t numbers[kAhead][kSteps<kType>][2];
#pragma unroll
    for (int i = 0; i < kAhead; ++i) {
      const int64_t begin = int64_t{first + i * kWarps} * kFormat.numbers();
      load_x<kType>(x, begin, call.in, numbers[i]);
    }
#pragma unroll
    for (int i = 0; i < kAhead; ++i) {
      accumulate<kType, kMatrices>(quant_words[i], scales[i], numbers[i], sums);
      fetch(i, first + (kAhead + i) * kWarps);
    }
  }
  // Rows l / 4 (+ 8), columns 2 (l % 4) and the next; warps are added in order.
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int column = lane % 4 * 2 + i % 2;
    if (column >= call.rows) continue;
#pragma unroll
    for (int m = 0; m < kMatrices; ++m) shared[warp][m][column][lane / 4 + i / 2 * 8] = sums[m][i];
  }
  __syncthreads();
  const int column = static_cast<int>(threadIdx.x) / kTileRows;
  if (column >= call.rows || output >= call.out) return;
  float totals[kMatrices] = {};
#pragma unroll
  for (int i = 0; i < kWarps; ++i) {
#pragma unroll
    for (int m = 0; m < kMatrices; ++m) totals[m] += shared[i][m][column][mine];
  }
  write<kMatrices>(call, output, column, totals, bias);
}

template <DType kType, int kWarps, int kMatrices>
cudaError_t launch(const TileProduct& args, cudaStream_t stream) {
  static_assert(32 * kWarps >= kTileRows * kColumns);
  const int64_t tiles = (args.rows.out + kTileRows - 1) / kTileRows;
  const int64_t blocks = tiles + (args.more_out + kWarps - 1) / kWarps;
  return launch_overlapping(stream, static_cast<unsigned>(blocks), 32 * kWarps, 0,
                            multiply<kType, kWarps, kMatrices>, args);
}

// Long rows are split over more warps.
template <DType kType>
cudaError_t launch(const TileProduct& args, cudaStream_t stream) {
  constexpr int64_t kLong = 4096;
  if (args.rows.w_up != nullptr) return launch<kType, 8, 2>(args, stream);
  return args.rows.in >= kLong ? launch<kType, 16, 1>(args, stream)
                               : launch<kType, 8, 1>(args, stream);
}

// A warp a unit.
template <DType kType>
__global__ void __launch_bounds__(256)
    widen(const std::byte* tiles, int64_t out, int64_t in, __nv_bfloat16* to) {
  constexpr TileFormat kFormat = tile_format(kType);
  begin_after_earlier_kernels();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int64_t units = kFormat.units(in);
  const int64_t index = int64_t{blockIdx.x} * 8 + threadIdx.x / 32;
  const int64_t tile = index / units, unit = index % units;
  if (tile * kTileRows >= out) return;
  const std::byte* from = tiles + index * kFormat.unit_bytes();
  const uint4 all = __ldcs(reinterpret_cast<const uint4*>(from) + lane);
  const uint32_t words[4] = {all.x, all.y, all.z, all.w};
  const auto scales = UnitScales<kType>::load(from, lane);
#pragma unroll
  for (int step = 0; step < kSteps<kType>; ++step) {
    uint32_t pairs[4];
    quants<kType>(words, step, pairs);
    const int group = 16 * step / kFormat.group;
    const int quarter = lane % 4;
    const int64_t k =
        unit * kFormat.numbers() +
        (kFormat.group == 32 ? 32 * group + 8 * quarter + step % 2 * 4 : 16 * step + 4 * quarter);
    if (k >= in) continue;
#pragma unroll
    for (int upper = 0; upper < 2; ++upper) {
      const int64_t row = tile * kTileRows + lane / 4 + 8 * upper;
      if (row >= out) continue;
      const float d = scales.scale(upper, group);
      float m = 0;
      if constexpr (kFormat.has_minimum) m = scales.minimum(upper, group);
      const float2 a = unpack_bf16(pairs[upper]), b = unpack_bf16(pairs[2 + upper]);
      *reinterpret_cast<uint2*>(to + row * in + k) =
          uint2{pack_bf16(d * a.x + m, d * a.y + m), pack_bf16(d * b.x + m, d * b.y + m)};
    }
  }
}

}  // namespace

bool has_tile_product(const TileProduct& args) {
  const auto places =
      reinterpret_cast<uintptr_t>(args.rows.x) | reinterpret_cast<uintptr_t>(args.rows.w) |
      reinterpret_cast<uintptr_t>(args.rows.w_up) | reinterpret_cast<uintptr_t>(args.more);
  const bool more_fits =
      args.more_out == 0 || (args.rows.w_up == nullptr && args.rows.bias == nullptr);
  return args.rows.rows <= kTileProductRows && args.rows.in % 32 == 0 &&
         args.rows.x_stride % 8 == 0 && places % 16 == 0 && more_fits;
}

cudaError_t tile_product(const TileProduct& args, cudaStream_t stream) {
  if (!has_tile_product(args)) return cudaErrorInvalidValue;
  if (args.rows.rows == 0 || args.rows.out == 0) return cudaSuccess;
  return with_tile_format(args.type,
                          [&](auto tag) { return launch<decltype(tag)::value>(args, stream); });
}

cudaError_t widen_tiles(DType type, const void* tiles, int64_t out, int64_t in, void* to,
                        cudaStream_t stream) {
  if (out == 0) return cudaSuccess;
  return with_tile_format(type, [&](auto tag) {
    constexpr DType kType = decltype(tag)::value;
    const int64_t units = (out + kTileRows - 1) / kTileRows * tile_format(kType).units(in);
    return launch_overlapping(stream, static_cast<unsigned>((units + 7) / 8), 256, 0, widen<kType>,
                              static_cast<const std::byte*>(tiles), out, in,
                              static_cast<__nv_bfloat16*>(to));
  });
}

}  // namespace jet::cuda
