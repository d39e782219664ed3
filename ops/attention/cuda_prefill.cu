// Prefill attention in bf16: scores and weighted values by mma, the running softmax in registers.
#include <cuda_bf16.h>

#include "ops/attention/cuda_prefill.cuh"
#include "ops/cuda/async_copy.cuh"
#include "ops/cuda/tensor_core.cuh"

namespace jet::cuda {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = 32 * kWarps;
constexpr int kRows = 16 * kWarps;  // of q, a block's
constexpr int kTile = 64;           // positions
constexpr float kLog2E = 1.44269504f;

// Shared memory holds rows of kWidth numbers; the 16-byte pieces of row r stand at piece ^ (r & 7),
// so that eight rows of one piece meet no bank twice.
template <int kWidth>
__device__ uint32_t piece_offset(int row, int piece) {
  return static_cast<uint32_t>(row * kWidth * 2 + ((piece ^ (row & 7)) << 4));
}

// The keys or values of one group: of earlier positions in the cache, of the step's own beside it.
struct Source {
  const __nv_bfloat16* cache;
  const __nv_bfloat16* step;  // of the sequence's first row
  int64_t cache_stride, step_stride;
};

template <int kWidth>
__global__ void __launch_bounds__(kThreads, 1) attend(const PrefillAttention args) {
  constexpr int kPieces = kWidth / 8;  // of a row
  constexpr int kSteps = kWidth / 16;  // of a product over a row
  constexpr uint32_t kTileBytes = kTile * kWidth * 2;
  extern __shared__ __align__(128) unsigned char memory[];  // two tiles of keys, two of values
  const int n = static_cast<int>(blockIdx.z), head = static_cast<int>(blockIdx.y);
  const int group = head / (args.heads / args.groups);
  const int begin = args.batch.offsets[n], rows = args.batch.offsets[n + 1] - begin;
  // The last tiles have most positions: they start first.
  const int first = (static_cast<int>(gridDim.x) - 1 - static_cast<int>(blockIdx.x)) * kRows;
  if (first >= rows) return;
  const int past = args.batch.past[n];
  const bool is_padding = args.batch.slots[n] < 0;
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  const uint32_t base = shared_address(memory);

  const auto load_row = [&](uint32_t to, const __nv_bfloat16* from, int row, int piece,
                            bool valid) {
    copy_async(to + piece_offset<kWidth>(row, piece), from + piece * 8, valid);
  };
  const auto* q = static_cast<const __nv_bfloat16*>(args.q);
  for (int i = thread; i < kRows * kPieces; i += kThreads) {
    const int row = i / kPieces;
    const bool valid = first + row < rows;
    load_row(base, q + (begin + (valid ? first + row : 0)) * args.q_stride + head * kWidth, row,
             i % kPieces, valid);
  }
  commit_copies();
  wait_copies<0>();
  __syncthreads();
  uint32_t query[kSteps][4];
#pragma unroll
  for (int step = 0; step < kSteps; ++step) {
    load_matrices(query[step],
                  base + piece_offset<kWidth>(warp * 16 + lane % 16, 2 * step + lane / 16));
  }
  __syncthreads();

  const int64_t row_numbers = int64_t{args.groups} * kWidth;
  const Source keys{
      static_cast<const __nv_bfloat16*>(args.k_cache) + group * kWidth,
      static_cast<const __nv_bfloat16*>(args.k) + begin * args.k_stride + group * kWidth,
      row_numbers, args.k_stride};
  const Source values{
      static_cast<const __nv_bfloat16*>(args.v_cache) + group * kWidth,
      static_cast<const __nv_bfloat16*>(args.v) + begin * args.v_stride + group * kWidth,
      row_numbers, args.v_stride};
  const int last = past + min(first + kRows, rows);  // positions below it are seen
  const int seen = args.window == 0 ? 0 : max(0, past + first - args.window + 1);
  const auto load_tile = [&](int tile) {
    const uint32_t to = base + static_cast<uint32_t>(tile & 1) * 2 * kTileBytes;
#pragma unroll
    for (int i = thread; i < kTile * kPieces; i += kThreads) {
      const int row = i / kPieces, piece = i % kPieces, p = tile * kTile + row;
      const bool valid = p >= seen && p < last;
      const bool is_cached = p < past;
      const int64_t at = !valid ? 0 : is_cached ? args.rows(n, p) : p - past;
      const auto place = [&](const Source& source) {
        return !valid || !is_cached ? source.step + at * source.step_stride
                                    : source.cache + at * source.cache_stride;
      };
      load_row(to, place(keys), row, piece, valid);
      load_row(to + kTileBytes, place(values), row, piece, valid);
    }
    commit_copies();
  };

  float mixed[kWidth / 8][4] = {};
  float largest[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
  const float scale = args.scale * kLog2E;
  const int top = past + first + warp * 16 + lane / 4;  // position of this lane's upper row
  const int first_tile = seen / kTile, tiles = is_padding ? 0 : (last + kTile - 1) / kTile;
  if (first_tile < tiles) load_tile(first_tile);
  for (int tile = first_tile; tile < tiles; ++tile) {
    if (tile + 1 < tiles) {
      load_tile(tile + 1);
      wait_copies<1>();
    } else {
      wait_copies<0>();
    }
    __syncthreads();
    const uint32_t k_tile = base + static_cast<uint32_t>(tile & 1) * 2 * kTileBytes;
    const uint32_t v_tile = k_tile + kTileBytes;

    float scores[kTile / 8][4] = {};
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
#pragma unroll
      for (int pair = 0; pair < kTile / 16; ++pair) {
        uint32_t k[4];
        load_matrices(k, k_tile + piece_offset<kWidth>(pair * 16 + lane % 8 + lane / 16 * 8,
                                                       2 * step + lane / 8 % 2));
        multiply_add(scores[2 * pair], query[step], k[0], k[1]);
        multiply_add(scores[2 * pair + 1], query[step], k[2], k[3]);
      }
    }

    const int begin_of_tile = tile * kTile;
    const bool is_whole =
        begin_of_tile + kTile - 1 <= past + first + warp * 16 &&
        (args.window == 0 || begin_of_tile > past + first + warp * 16 + 15 - args.window);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int position = top + 8 * half;
      float most = largest[half];
#pragma unroll
      for (int i = 0; i < kTile / 8; ++i) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          float& score = scores[i][2 * half + j];
          const int p = begin_of_tile + i * 8 + lane % 4 * 2 + j;
          const bool is_visible =
              is_whole || (p <= position && (args.window == 0 || p > position - args.window));
          score = is_visible ? score * scale : -INFINITY;
          most = fmaxf(most, score);
        }
      }
      most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, 1));
      most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, 2));
      const float zero = most == -INFINITY ? 0.0f : most;  // no position seen yet
      const float shrink = exp2f(largest[half] - zero);
      largest[half] = most;
      float added = 0;
#pragma unroll
      for (int i = 0; i < kTile / 8; ++i) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          float& score = scores[i][2 * half + j];
          score = exp2f(score - zero);
          added += score;
        }
      }
      sum[half] = sum[half] * shrink + added;
#pragma unroll
      for (int i = 0; i < kWidth / 8; ++i) {
        mixed[i][2 * half] *= shrink;
        mixed[i][2 * half + 1] *= shrink;
      }
    }

#pragma unroll
    for (int step = 0; step < kTile / 16; ++step) {
      uint32_t weights[4];
      sums_to_operand(weights, scores[2 * step], scores[2 * step + 1]);
#pragma unroll
      for (int pair = 0; pair < kWidth / 16; ++pair) {
        uint32_t v[4];
        load_matrices_transposed(
            v, v_tile + piece_offset<kWidth>(step * 16 + lane % 16, 2 * pair + lane / 16));
        multiply_add(mixed[2 * pair], weights, v[0], v[1]);
        multiply_add(mixed[2 * pair + 1], weights, v[2], v[3]);
      }
    }
    __syncthreads();
  }

  auto* y = static_cast<__nv_bfloat16*>(args.y);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    // Four lanes hold a row's sum between them.
    float whole = sum[half];
    whole += __shfl_xor_sync(0xffffffffu, whole, 1);
    whole += __shfl_xor_sync(0xffffffffu, whole, 2);
    const int row = first + warp * 16 + lane / 4 + 8 * half;
    if (row >= rows) continue;
    const float share = whole > 0 ? 1.0f / whole : 0.0f;
    __nv_bfloat16* to = y + (begin + row) * args.y_stride + head * kWidth + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < kWidth / 8; ++i) {
      *reinterpret_cast<uint32_t*>(to + i * 8) =
          pack_bf16(mixed[i][2 * half] * share, mixed[i][2 * half + 1] * share);
    }
  }
}

template <int kWidth>
cudaError_t launch(const PrefillAttention& args, cudaStream_t stream) {
  constexpr int kBytes = 4 * kTile * kWidth * 2;
  static_assert(kBytes >= kRows * kWidth * 2);
  const cudaError_t status =
      cudaFuncSetAttribute(attend<kWidth>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  if (status != cudaSuccess) return status;
  const dim3 grid(static_cast<unsigned>((args.longest + kRows - 1) / kRows),
                  static_cast<unsigned>(args.heads), static_cast<unsigned>(args.sequences));
  attend<kWidth><<<grid, kThreads, kBytes, stream>>>(args);
  return cudaGetLastError();
}

bool is_aligned(const void* p, int64_t stride) {
  return reinterpret_cast<uintptr_t>(p) % 16 == 0 && stride % 8 == 0;
}

}  // namespace

bool has_prefill_attention(const PrefillAttention& args) {
  if (args.number == CacheNumber::Float8 && args.portable) return false;
  return (args.width == 64 || args.width == 128) && is_aligned(args.q, args.q_stride) &&
         is_aligned(args.k, args.k_stride) && is_aligned(args.v, args.v_stride) &&
         is_aligned(args.y, args.y_stride) && is_aligned(args.k_cache, 0) &&
         is_aligned(args.v_cache, 0);
}

cudaError_t prefill_attention(const PrefillAttention& args, cudaStream_t stream) {
  if (!has_prefill_attention(args)) return cudaErrorInvalidValue;
  if (args.longest == 0) return cudaSuccess;
  if (!args.portable) return prefill_attention_hopper(args, stream);
  return args.width == 64 ? launch<64>(args, stream) : launch<128>(args, stream);
}

}  // namespace jet::cuda
