// First pass of the chunked gated delta rule, all chunks at once: decays, the triangular inverse A
// by substitution in float32, and M. Reads q, k, g and beta; writes 17 KB a chunk and head.
#pragma once

#include "ops/cuda/async_copy.cuh"
#include "ops/cuda/tensor_core.cuh"
#include "ops/gated_delta_rule/chunks.cuh"

namespace jet::cuda {

inline constexpr int kPrepareThreads = 128;
inline constexpr int kLowerStride = 68;  // floats a row of the triangle takes

template <int kKeys>
struct PrepareMemory {
  static constexpr int kTile = kKeys / kPanelColumns * kPanelBytes;
  alignas(512) char q[kTile];  // later M
  union {
    alignas(512) char k[kTile];
    float lower[kChunk * kLowerStride];  // L, later A
  };
  float sums[kChunk];  // G
  float beta[kChunk];  // 0 beyond the chunk's rows
  ChunkFactors factors;
};

// Diagonal blocks of 16: (I + L)^-1 in the place of L, a warp a block, a lane a column.
__device__ __forceinline__ void invert_diagonal(float* lower) {
  constexpr int kBlock = 16;
  const int column = threadIdx.x % kBlock;
  float* block = lower + threadIdx.x / 32 * kBlock * (kLowerStride + 1);
  float a[kBlock];
#pragma unroll
  for (int t = 0; t < kBlock; ++t) {
    float sum[4] = {0, 0, 0, 0};
#pragma unroll
    for (int j = 0; j < t; j += 4) {
      const float4 row = *reinterpret_cast<const float4*>(block + t * kLowerStride + j);
      const float l[4] = {row.x, row.y, row.z, row.w};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (j + i < t) sum[i] += l[i] * a[j + i];
      }
    }
    a[t] = (t == column ? 1.0f : 0.0f) - ((sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
  __syncwarp();
  if (threadIdx.x % 32 >= kBlock) return;  // the upper lanes did the same
#pragma unroll
  for (int t = 0; t < kBlock; ++t) block[t * kLowerStride + column] = a[t];
}

// kRows x 4 numbers of left right, both [kSize, kSize] in rows of kLowerStride, by each thread.
template <int kSize, int kRows>
__device__ __forceinline__ void multiply_blocks(float (&sums)[kRows][4], const float* left,
                                                const float* right) {
#pragma unroll
  for (int i = 0; i < kRows * 4; ++i) sums[i / 4][i % 4] = 0.0f;
#pragma unroll 2
  for (int k = 0; k < kSize; k += 4) {
    float4 b[4];
#pragma unroll
    for (int i = 0; i < 4; ++i)
      b[i] = *reinterpret_cast<const float4*>(right + (k + i) * kLowerStride);
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      const float4 four = *reinterpret_cast<const float4*>(left + row * kLowerStride + k);
      const float a[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        sums[row][0] += a[i] * b[i].x;
        sums[row][1] += a[i] * b[i].y;
        sums[row][2] += a[i] * b[i].z;
        sums[row][3] += a[i] * b[i].w;
      }
    }
  }
}

// Joins inverted diagonal blocks of kSize in pairs: below the diagonal, -A22 L21 A11.
template <int kSize>
__device__ __forceinline__ void join_blocks(float* lower) {
  constexpr int kPerPair = kPrepareThreads / (kChunk / (2 * kSize)), kAcross = kSize / 4;
  constexpr int kRows = kSize / (kPerPair / kAcross);
  const int thread = threadIdx.x % kPerPair;
  const int row = thread / kAcross * kRows, column = thread % kAcross * 4;
  float* upper = lower + threadIdx.x / kPerPair * 2 * kSize * (kLowerStride + 1);
  float* below = upper + kSize * kLowerStride;
  float* mine = below + row * kLowerStride + column;
  float sums[kRows][4];
  multiply_blocks<kSize>(sums, below + row * kLowerStride, upper + column);
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    *reinterpret_cast<float4*>(mine + i * kLowerStride) = {sums[i][0], sums[i][1], sums[i][2],
                                                           sums[i][3]};
  }
  __syncthreads();
  multiply_blocks<kSize>(sums, below + row * kLowerStride + kSize, below + column);
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    *reinterpret_cast<float4*>(mine + i * kLowerStride) = {-sums[i][0], -sums[i][1], -sums[i][2],
                                                           -sums[i][3]};
  }
  __syncthreads();
}

// A in bf16: the inverse's columns times beta, without the upper right quarter that nothing reads.
__device__ __forceinline__ void store_inverse(__nv_bfloat16* to, const float* lower,
                                              const float* beta) {
  const auto times = [](const float4& x, const float4& y) {
    return float4{x.x * y.x, x.y * y.y, x.z * y.z, x.w * y.w};
  };
#pragma unroll
  for (int i = threadIdx.x; i < kChunk * 8; i += kPrepareThreads) {
    const int row = i / 8, piece = i % 8;
    if (row < kChunk / 2 && piece >= 4) continue;
    const auto* from = reinterpret_cast<const float4*>(lower + row * kLowerStride + piece * 8);
    const auto* strengths = reinterpret_cast<const float4*>(beta + piece * 8);
    const float4 left = times(from[0], strengths[0]), right = times(from[1], strengths[1]);
    const uint4 packed{pack_bf16(left.x, left.y), pack_bf16(left.z, left.w),
                       pack_bf16(right.x, right.y), pack_bf16(right.z, right.w)};
    reinterpret_cast<uint4*>(to)[i] = packed;
  }
}

// The same of numbers that are bf16 already.
__device__ __forceinline__ void store_mix(__nv_bfloat16* to, const char* from) {
#pragma unroll
  for (int i = threadIdx.x; i < kChunk * 8; i += kPrepareThreads) {
    const int row = i / 8, piece = i % 8;
    if (row >= kChunk / 2 || piece < 4)
      reinterpret_cast<int4*>(to)[i] = reinterpret_cast<const int4*>(from)[i];
  }
}

// Running sums of g and what follows from them; a warp.
__device__ __forceinline__ void prepare_factors(const GatedDeltaRule& rule, Chunk chunk, int head,
                                                float* sums, float* beta, ChunkFactors& factors) {
  const int lane = threadIdx.x % 32;
  float sum[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = 2 * lane + i;
    const int64_t at = int64_t{chunk.first_row + row} * rule.heads + head;
    beta[row] = row < chunk.rows ? rule.beta[at] : 0.0f;
    sum[i] = row < chunk.rows ? rule.g[at] : 0.0f;
  }
  sum[1] += sum[0];
  float before = sum[1];
#pragma unroll
  for (int step = 1; step < 32; step *= 2) {
    const float left = __shfl_up_sync(0xffffffffu, before, step);
    if (lane >= step) before += left;
  }
  const float total = __shfl_sync(0xffffffffu, before, 31);
  before -= sum[1];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = 2 * lane + i;
    const float g = before + sum[i], decay = __expf(g);
    sums[row] = g;
    factors.decay[row] = decay;
    factors.decay_after[row] = __expf(total - g);
  }
}

template <int kKeys>
__global__ void __launch_bounds__(kPrepareThreads) chunk_prepare(const ChunkArgs args) {
  extern __shared__ char raw[];
  auto& memory =
      *reinterpret_cast<PrepareMemory<kKeys>*>(raw + (512 - (shared_address(raw) & 511)) % 512);
  const GatedDeltaRule& rule = args.rule;
  const int head = blockIdx.x, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const Chunk chunk = args.workspace.chunks[blockIdx.y];
  if (chunk.rows == 0) return;
  const int64_t unit = int64_t{blockIdx.y} * rule.heads + head;

  const uint32_t q_tile = shared_address(memory.q), k_tile = shared_address(memory.k);
  {
    const int row = threadIdx.x / 4, piece = threadIdx.x % 4;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int r = row + 32 * i;
      const bool valid = r < chunk.rows;
      const int64_t token = chunk.first_row + (valid ? r : 0);
      const auto* q = static_cast<const __nv_bfloat16*>(rule.q) + token * rule.q_stride +
                      head * kKeys + piece * 8;
      const auto* k = static_cast<const __nv_bfloat16*>(rule.k) + token * rule.k_stride +
                      head * kKeys + piece * 8;
#pragma unroll
      for (int panel = 0; panel < kKeys / kPanelColumns; ++panel) {
        const uint32_t at = panel * kPanelBytes + panel_offset(r, piece);
        copy_async(k_tile + at, k + panel * kPanelColumns, valid);
        copy_async(q_tile + at, q + panel * kPanelColumns, valid);
      }
    }
    commit_copies();
  }
  if (warp == 0) prepare_factors(rule, chunk, head, memory.sums, memory.beta, memory.factors);
  wait_copies<0>();
  __syncthreads();

  // Rows 16 warp .. 16 warp + 15 of k k^T and q k^T, as far as the diagonal.
  float kk[8][4] = {}, qk[8][4] = {};
  {
    const int left_row = warp * 16 + (lane & 15), left_half = lane >> 4;
    const int row = (lane & 7) + ((lane & 16) >> 1), half = (lane >> 3) & 1;
#pragma unroll
    for (int step = 0; step < kKeys / 16; ++step) {
      const uint32_t left =
          (step / 2) * kPanelBytes + panel_offset(left_row, (step & 1) * 2 + left_half);
      const uint32_t right =
          k_tile + (step / 2) * kPanelBytes + panel_offset(row, (step & 1) * 2 + half);
      uint32_t k[4], q[4];
      load_matrices(k, k_tile + left);
      load_matrices(q, q_tile + left);
#pragma unroll
      for (int pair = 0; pair < 4; ++pair) {
        if (pair > warp) continue;
        uint32_t b[4];
        load_matrices(b, right + pair * 1024);
        multiply_add(kk[2 * pair], k, b[0], b[1]);
        multiply_add(kk[2 * pair + 1], k, b[2], b[3]);
        multiply_add(qk[2 * pair], q, b[0], b[1]);
        multiply_add(qk[2 * pair + 1], q, b[2], b[3]);
      }
    }
  }
  __syncthreads();  // q and k are read; their memory takes M and L
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int t = warp * 16 + half * 8 + lane / 4;
    const float sum = memory.sums[t], beta = memory.beta[t];
#pragma unroll
    for (int tile = 0; tile < 8; ++tile) {
      const int j = tile * 8 + lane % 4 * 2;
      float2 lower{0, 0}, mix{0, 0};
      if (tile < 2 * warp + 2) {
        const float2 earlier = *reinterpret_cast<const float2*>(memory.sums + j);
        const float decay0 = j <= t ? __expf(sum - earlier.x) : 0.0f;
        const float decay1 = j + 1 <= t ? __expf(sum - earlier.y) : 0.0f;
        lower = {beta * decay0 * kk[tile][half * 2], beta * decay1 * kk[tile][half * 2 + 1]};
        mix = {decay0 * qk[tile][half * 2], decay1 * qk[tile][half * 2 + 1]};
      }
      *reinterpret_cast<float2*>(memory.lower + t * kLowerStride + j) = lower;
      *reinterpret_cast<uint32_t*>(memory.q + (t * kChunk + j) * 2) = pack_bf16(mix.x, mix.y);
    }
  }
  __syncthreads();
  store_mix(args.workspace.mix + unit * kChunk * kChunk, memory.q);
  if (threadIdx.x < sizeof(ChunkFactors) / 16) {
    reinterpret_cast<float4*>(args.workspace.factors + unit)[threadIdx.x] =
        reinterpret_cast<const float4*>(&memory.factors)[threadIdx.x];
  }
  invert_diagonal(memory.lower);
  __syncthreads();
  join_blocks<16>(memory.lower);
  join_blocks<32>(memory.lower);
  store_inverse(args.workspace.inverse + unit * kChunk * kChunk, memory.lower, memory.beta);
}

}  // namespace jet::cuda
