// Prefill attention on Hopper: four warps copy tiles of 128 positions ahead, two groups of four
// multiply 64 rows each by wgmma. A group's next scores and its last weighted values are computed
// while it takes exponentials.
#include <cuda_bf16.h>

#include "ops/attention/cuda_prefill.cuh"
#include "ops/attention/e4m3.cuh"
#include "ops/cuda/async_copy.cuh"
#include "ops/cuda/warpgroup_products.cuh"

namespace jet::cuda {
namespace {

using Products = WarpgroupProducts;

constexpr int kGroups = 2;  // that multiply
constexpr int kCopiers = 128;
constexpr int kThreads = 128 * kGroups + kCopiers;
constexpr int kRows = 64 * kGroups;  // of q, a block's
constexpr int kTile = 128;           // positions
constexpr int kStages = 3;
constexpr int kPage = 64;
constexpr int kRegisters = 232;
constexpr float kLog2E = 1.44269504f;

template <int kWidth>
struct Memory {
  struct Tile {
    unsigned char bytes[kTile * kWidth * 2];  // panels of 32 columns: tensor_core.cuh
  };
  Tile keys[kStages], values[kStages];
  uint64_t full_keys[kStages], full_values[kStages], empty_keys[kStages], empty_values[kStages];
};

// What a block computes.
struct Unit {
  int n, head, group;
  int begin;       // the sequence's first row in the step
  int rows, past;  // of the sequence
  int first;       // row of the sequence
  int seen, last;  // positions [seen, last) matter to some row
  int first_tile, tiles;
};

__device__ Unit unit_of(const PrefillAttention& args) {
  Unit unit;
  unit.n = static_cast<int>(blockIdx.z);
  unit.head = static_cast<int>(blockIdx.y);
  unit.group = unit.head / (args.heads / args.groups);
  unit.begin = args.batch.offsets[unit.n];
  unit.rows = args.batch.offsets[unit.n + 1] - unit.begin;
  unit.past = args.batch.past[unit.n];
  // The last rows have most positions: they start first.
  unit.first = (static_cast<int>(gridDim.x) - 1 - static_cast<int>(blockIdx.x)) * kRows;
  unit.last = unit.past + min(unit.first + kRows, unit.rows);
  unit.seen = args.window == 0 ? 0 : max(0, unit.past + unit.first - args.window + 1);
  unit.first_tile = unit.seen / kTile;
  unit.tiles = args.batch.slots[unit.n] < 0 ? 0 : (unit.last + kTile - 1) / kTile;
  return unit;
}

// Copies keys or values of one group: a thread takes one 16-byte piece of some rows.
template <int kWidth, bool kFloat8>
struct Copier {
  static constexpr int kPieces = kWidth / 8;
  static constexpr int kStep = kCopiers / kPieces;  // rows between a thread's
  static constexpr int kEach = kTile / kStep;

  const PrefillAttention& args;
  const Unit& unit;
  int row, piece;
  uint32_t place;  // of the first row's piece in a tile

  __device__ Copier(const PrefillAttention& a, const Unit& u) : args(a), unit(u) {
    const int thread = static_cast<int>(threadIdx.x) - 128 * kGroups;
    row = thread / kPieces;
    piece = thread % kPieces;
    place = static_cast<uint32_t>(piece / 4 * kTile * 64) + panel_offset(row, piece % 4);
  }

  __device__ void copy(const void* cache, const void* step, int64_t step_stride, int tile,
                       uint32_t to) const {
    const auto* own = static_cast<const __nv_bfloat16*>(step) + unit.begin * step_stride +
                      unit.group * kWidth + piece * 8;
    const int64_t stride = int64_t{args.groups} * kWidth;
    const auto offset_of = [&](int64_t cache_row) {
      return cache_row * stride + unit.group * kWidth + piece * 8;
    };
    const int begin = tile * kTile;
    const bool is_paged = args.rows.pages != nullptr && args.rows.page_tokens == kPage;
    if (is_paged && begin + kTile <= unit.past) {  // two whole pages
      const int32_t* pages =
          args.rows.pages + int64_t{unit.n} * args.rows.pages_per_sequence + begin / kPage;
      const int64_t starts[2] = {offset_of(int64_t{pages[0]} * kPage + row),
                                 offset_of(int64_t{pages[1]} * kPage + row)};
      constexpr int kHalf = kEach / 2;
      if constexpr (kFloat8) {
        uint2 bytes[kHalf];
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const auto* from = static_cast<const unsigned char*>(cache) + starts[half];
#pragma unroll
          for (int i = 0; i < kHalf; ++i)
            bytes[i] = *reinterpret_cast<const uint2*>(from + i * kStep * stride);
#pragma unroll
          for (int i = 0; i < kHalf; ++i)
            store(to + (half * kHalf + i) * kStep * 64, e4m3_to_bf16(bytes[i]));
        }
      } else {
#pragma unroll
        for (int i = 0; i < kEach; ++i) {
          const auto* from = static_cast<const __nv_bfloat16*>(cache) + starts[i / kHalf];
          copy_async(to + place + i * kStep * 64, from + i % kHalf * kStep * stride);
        }
      }
      return;
    }
#pragma unroll 4
    for (int i = 0; i < kEach; ++i) {
      const int p = begin + row + i * kStep;
      const bool is_valid = p >= unit.seen && p < unit.last, is_cached = p < unit.past;
      const int64_t from_cache = is_valid && is_cached ? offset_of(args.rows(unit.n, p)) : 0;
      const auto* from_step = own + (is_valid && !is_cached ? p - unit.past : 0) * step_stride;
      if constexpr (kFloat8) {
        uint4 numbers{0, 0, 0, 0};
        if (is_valid && is_cached) {
          numbers = e4m3_to_bf16(*reinterpret_cast<const uint2*>(
              static_cast<const unsigned char*>(cache) + from_cache));
        } else if (is_valid) {  // its own rows count as the cache will hold them
          numbers = through_e4m3(*reinterpret_cast<const uint4*>(from_step));
        }
        store(to + i * kStep * 64, numbers);
      } else {
        const auto* from =
            is_cached ? static_cast<const __nv_bfloat16*>(cache) + from_cache : from_step;
        copy_async(to + place + i * kStep * 64, from, is_valid);
      }
    }
  }

  __device__ void store(uint32_t to, const uint4& numbers) const {
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to + place), "r"(numbers.x),
                 "r"(numbers.y), "r"(numbers.z), "r"(numbers.w)
                 : "memory");
  }

  __device__ static void arrive(uint64_t* barrier) {
    if constexpr (kFloat8) {
      barrier_arrive(shared_address(barrier));
    } else {
      barrier_arrive_after_copies(shared_address(barrier));
    }
  }
};

// Where a ring of stages stands: the stage, and how often the ring was gone through.
struct Turn {
  int stage = 0;
  uint32_t round = 0;
  __device__ void next() {
    if (++stage == kStages) {
      stage = 0;
      ++round;
    }
  }
};

template <int kWidth, bool kFloat8>
__device__ __forceinline__ void copy_tiles(const PrefillAttention& args, const Unit& unit,
                                           Memory<kWidth>& memory) {
  const Copier<kWidth, kFloat8> copier(args, unit);
  Turn turn;
  for (int tile = unit.first_tile; tile < unit.tiles; ++tile, turn.next()) {
    const int stage = turn.stage;
    barrier_wait(shared_address(memory.empty_keys + stage), (turn.round & 1) ^ 1);
    copier.copy(args.k_cache, args.k, args.k_stride, tile,
                shared_address(memory.keys[stage].bytes));
    copier.arrive(memory.full_keys + stage);
    barrier_wait(shared_address(memory.empty_values + stage), (turn.round & 1) ^ 1);
    copier.copy(args.v_cache, args.v, args.v_stride, tile,
                shared_address(memory.values[stage].bytes));
    copier.arrive(memory.full_values + stage);
  }
  wait_copies<0>();
}

// The softmax of 64 rows so far; lane l of a warp knows rows l / 4 and l / 4 + 8 of its 16.
struct Softmax {
  float largest[2] = {-INFINITY, -INFINITY};
  float sum[2] = {0, 0};  // of this lane's columns
  float shrink[2];        // what earlier sums and values are multiplied by

  // Scores to weights. `top`: the position of this lane's upper row.
  __device__ void add(float (&scores)[kTile / 8][4], int begin, int top, int window, bool is_whole,
                      float scale) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    if (!is_whole) {
#pragma unroll
      for (int i = 0; i < kTile / 2; ++i) {
        const int p = begin + i / 4 * 8 + lane % 4 * 2 + i % 2;
        const int position = top + i % 4 / 2 * 8;
        const bool is_visible = p <= position && (window == 0 || p > position - window);
        if (!is_visible) scores[i / 4][i % 4] = -INFINITY;
      }
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float most = largest[half];
#pragma unroll
      for (int i = 0; i < kTile / 8; ++i)
        most = fmaxf(most, fmaxf(scores[i][2 * half], scores[i][2 * half + 1]));
      most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, 1));
      most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, 2));
      const float zero = most == -INFINITY ? 0.0f : most * scale;  // no position seen yet
      shrink[half] = exp2f(largest[half] * scale - zero);
      largest[half] = most;
      float added = 0;
#pragma unroll
      for (int i = 0; i < kTile / 8; ++i) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          float& score = scores[i][2 * half + j];
          score = exp2f(fmaf(score, scale, -zero));
          added += score;
        }
      }
      sum[half] = sum[half] * shrink[half] + added;
    }
  }
};

template <int kWidth>
__device__ __forceinline__ void load_queries(uint32_t (&query)[kWidth / 16][4],
                                             const PrefillAttention& args, const Unit& unit,
                                             int row) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const auto* q = static_cast<const __nv_bfloat16*>(args.q) + unit.head * kWidth + lane % 4 * 2;
#pragma unroll
  for (int i = 0; i < kWidth / 4; ++i) {
    const int at = row + i % 2 * 8;
    const auto* from = q + (unit.begin + at) * args.q_stride + i / 4 * 16 + i % 4 / 2 * 8;
    query[i / 4][i % 4] = at < unit.rows ? *reinterpret_cast<const uint32_t*>(from) : 0;
  }
}

template <int kWidth>
__device__ __forceinline__ void multiply_tiles(const PrefillAttention& args, const Unit& unit,
                                               Memory<kWidth>& memory) {
  constexpr int kSteps = kWidth / 16, kColumns = kWidth / 8;
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x % 32);
  const int first_of_group = unit.past + unit.first + warp / 4 * 64;  // position
  const int row = unit.first + warp * 16 + lane / 4;                  // this lane's upper one
  uint32_t query[kSteps][4];
  load_queries<kWidth>(query, args, unit, row);
  const float scale = args.scale * kLog2E;
  const auto is_whole = [&](int tile) {
    return tile * kTile + kTile - 1 <= first_of_group &&
           (args.window == 0 || tile * kTile > first_of_group + 63 - args.window);
  };
  const auto free_stage = [&](uint64_t* barrier) {
    __syncwarp();
    if (lane == 0) barrier_arrive(shared_address(barrier));
  };

  Softmax softmax;
  float scores[kTile / 8][4], mixed[kColumns][4] = {};
  uint32_t weights[kTile / 16][4];
  const auto pack_weights = [&] {
#pragma unroll
    for (int i = 0; i < kTile / 16; ++i)
      sums_to_operand(weights[i], scores[2 * i], scores[2 * i + 1]);
  };
  Turn keys, values;
  if (unit.first_tile < unit.tiles) {
    barrier_wait(shared_address(memory.full_keys + keys.stage), keys.round & 1);
    Products::begin();
    Products::times_transposed(scores, query, shared_address(memory.keys[keys.stage].bytes));
    Products::commit();
    Products::wait<0>();
    Products::settle(scores);
    free_stage(memory.empty_keys + keys.stage);
    keys.next();
    softmax.add(scores, unit.first_tile * kTile, unit.past + row, args.window,
                is_whole(unit.first_tile), scale);
    pack_weights();
  }
  for (int tile = unit.first_tile; tile + 1 < unit.tiles; ++tile) {
    barrier_wait(shared_address(memory.full_keys + keys.stage), keys.round & 1);
    Products::begin();
    Products::times_transposed(scores, query, shared_address(memory.keys[keys.stage].bytes));
    Products::commit();
    barrier_wait(shared_address(memory.full_values + values.stage), values.round & 1);
    Products::begin();
    Products::times(mixed, weights, shared_address(memory.values[values.stage].bytes));
    Products::commit();
    Products::wait<1>();
    Products::settle(scores);
    free_stage(memory.empty_keys + keys.stage);
    keys.next();
    softmax.add(scores, (tile + 1) * kTile, unit.past + row, args.window, is_whole(tile + 1),
                scale);
    Products::wait<0>();
    Products::settle(mixed);
    free_stage(memory.empty_values + values.stage);
    values.next();
#pragma unroll
    for (int i = 0; i < kColumns * 4; ++i) mixed[i / 4][i % 4] *= softmax.shrink[i % 4 / 2];
    pack_weights();
  }
  if (unit.first_tile < unit.tiles) {
    barrier_wait(shared_address(memory.full_values + values.stage), values.round & 1);
    Products::begin();
    Products::times(mixed, weights, shared_address(memory.values[values.stage].bytes));
    Products::commit();
    Products::wait<0>();
    Products::settle(mixed);
  }

  auto* y = static_cast<__nv_bfloat16*>(args.y) + unit.head * kWidth + lane % 4 * 2;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float whole = softmax.sum[half];  // four lanes hold it between them
    whole += __shfl_xor_sync(0xffffffffu, whole, 1);
    whole += __shfl_xor_sync(0xffffffffu, whole, 2);
    const float share = whole > 0 ? 1.0f / whole : 0.0f;
    if (row + 8 * half >= unit.rows) continue;
    __nv_bfloat16* to = y + (unit.begin + row + 8 * half) * args.y_stride;
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      *reinterpret_cast<uint32_t*>(to + i * 8) =
          pack_bf16(mixed[i][2 * half] * share, mixed[i][2 * half + 1] * share);
    }
  }
}

template <int kWidth, bool kFloat8>
__global__ void __launch_bounds__(kThreads, 1) attend(const PrefillAttention args) {
  if constexpr (!Products::kRuns) __trap();
  extern __shared__ unsigned char raw[];
  auto& memory =
      *reinterpret_cast<Memory<kWidth>*>(raw + (1024 - (shared_address(raw) & 1023)) % 1024);
  const Unit unit = unit_of(args);
  if (unit.first >= unit.rows) return;
  if (threadIdx.x == 0) {
    for (int i = 0; i < kStages; ++i) {
      barrier_init(shared_address(memory.full_keys + i), kCopiers);
      barrier_init(shared_address(memory.full_values + i), kCopiers);
      barrier_init(shared_address(memory.empty_keys + i), kGroups * 4);
      barrier_init(shared_address(memory.empty_values + i), kGroups * 4);
    }
  }
  __syncthreads();
  if (threadIdx.x >= kGroups * 128) {
    Products::give_registers<kRegisters>();
    copy_tiles<kWidth, kFloat8>(args, unit, memory);
  } else {
    Products::take_registers<kRegisters>();
    multiply_tiles<kWidth>(args, unit, memory);
  }
}

template <int kWidth, bool kFloat8>
cudaError_t launch(const PrefillAttention& args, cudaStream_t stream) {
  constexpr int kBytes = sizeof(Memory<kWidth>) + 1024;
  const auto kernel = attend<kWidth, kFloat8>;
  if (const cudaError_t status =
          cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
      status != cudaSuccess)
    return status;
  const dim3 grid(static_cast<unsigned>((args.longest + kRows - 1) / kRows),
                  static_cast<unsigned>(args.heads), static_cast<unsigned>(args.sequences));
  kernel<<<grid, kThreads, kBytes, stream>>>(args);
  return cudaGetLastError();
}

}  // namespace

cudaError_t prefill_attention_hopper(const PrefillAttention& args, cudaStream_t stream) {
  const bool is_fp8 = args.number == CacheNumber::Float8;
  if (args.width == 64)
    return is_fp8 ? launch<64, true>(args, stream) : launch<64, false>(args, stream);
  return is_fp8 ? launch<128, true>(args, stream) : launch<128, false>(args, stream);
}

}  // namespace jet::cuda
