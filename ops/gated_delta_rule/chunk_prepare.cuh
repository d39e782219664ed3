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
  alignas(512) char k[kTile];  // later A
  float lower[kChunk * kLowerStride];
  float sums[kChunk];  // G
  ChunkFactors factors;
};

// Column threadIdx.x of A from the strictly lower triangle: rows before kFirst are not needed.
template <int kFirst>
__device__ __forceinline__ void invert_column(const float* lower, char* inverse) {
  const int column = threadIdx.x;
  float a[kChunk - kFirst];
#pragma unroll
  for (int t = kFirst; t < kChunk; ++t) {
    float sum[4] = {0, 0, 0, 0};
#pragma unroll
    for (int j = kFirst; j < t; j += 4) {
      const float4 row = *reinterpret_cast<const float4*>(lower + t * kLowerStride + j);
      const float l[4] = {row.x, row.y, row.z, row.w};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (j + i < t) sum[i] += l[i] * a[j + i - kFirst];
      }
    }
    a[t - kFirst] = (t == column ? 1.0f : 0.0f) - ((sum[0] + sum[1]) + (sum[2] + sum[3]));
    reinterpret_cast<__nv_bfloat16*>(inverse)[t * kChunk + column] =
        __float2bfloat16(a[t - kFirst]);
  }
}

// Rows of 64 bf16 from shared memory, without the empty quarter that nothing reads.
__device__ __forceinline__ void store_triangle(__nv_bfloat16* to, const char* from, int thread,
                                               int threads) {
  for (int i = thread; i < kChunk * 8; i += threads) {
    const int row = i / 8, piece = i % 8;
    if (row >= kChunk / 2 || piece < 4)
      reinterpret_cast<int4*>(to)[i] = reinterpret_cast<const int4*>(from)[i];
  }
}

// Running sums of g and what follows from them; a warp.
__device__ __forceinline__ void prepare_factors(const GatedDeltaRule& rule, Chunk chunk, int head,
                                                float* sums, ChunkFactors& factors) {
  const int lane = threadIdx.x % 32;
  float beta[2], sum[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = 2 * lane + i;
    const int64_t at = int64_t{chunk.first_row + row} * rule.heads + head;
    beta[i] = row < chunk.rows ? rule.beta[at] : 0.0f;
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
    factors.beta[row] = beta[i];
    factors.beta_decay[row] = beta[i] * decay;
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
  if (warp == 0) prepare_factors(rule, chunk, head, memory.sums, memory.factors);
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
  __syncthreads();  // q and k are read; their memory takes M and A
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int t = warp * 16 + half * 8 + lane / 4;
    const float sum = memory.sums[t], beta = memory.factors.beta[t];
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
  if (warp == 0) {
    invert_column<0>(memory.lower, memory.k);
  } else if (warp == 1) {
    invert_column<32>(memory.lower, memory.k);
  } else {
    const int thread = threadIdx.x - 64;
    store_triangle(args.workspace.mix + unit * kChunk * kChunk, memory.q, thread, 64);
    reinterpret_cast<float4*>(args.workspace.factors + unit)[thread] =
        reinterpret_cast<const float4*>(&memory.factors)[thread];
  }
  __syncthreads();
  store_triangle(args.workspace.inverse + unit * kChunk * kChunk, memory.k, threadIdx.x,
                 kPrepareThreads);
}

}  // namespace jet::cuda
