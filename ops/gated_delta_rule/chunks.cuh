// What the kernels of the chunked gated delta rule share: chunks of 64 tokens of one sequence, and
// the workspace between the passes.
//
// With G[t] the sum of g up to t inside a chunk and S the state before it (Yang et al. 2024):
//   A = (I + tril(diag(beta) exp(G[t] - G[j]) k[t].k[j], -1))^-1 diag(beta)
//   D = A (V - diag(exp(G)) K S)                     [64, V]  what the tokens write
//   Y = diag(exp(G)) Q S + M D,  M = tril(exp(G[t] - G[j]) q[t].k[j])
//   S <- exp(G[63]) S + K^T diag(exp(G[63] - G)) D
#pragma once

#include <cuda_bf16.h>

#include "ops/gated_delta_rule/cuda.cuh"

namespace jet::cuda {

inline constexpr int kChunk = 64;

struct Chunk {
  int first_row;  // of the step
  int rows;       // 1..64; 0: no chunk
};

// Per token of a chunk; beyond the chunk's rows as at the last.
struct ChunkFactors {
  float decay[kChunk];        // exp(G[t])
  float decay_after[kChunk];  // exp(G[63] - G[t])
};

struct ChunkWorkspace {
  Chunk* chunks;           // [chunks]
  int* first_chunk;        // [sequences + 1]
  __nv_bfloat16* inverse;  // [chunks, heads, 64, 64]: A
  __nv_bfloat16* mix;      // [chunks, heads, 64, 64]: M
  ChunkFactors* factors;   // [chunks, heads]
  float* segment_state;    // [sequences, segments, heads, keys, values] after a segment, then
                           // before the next
  float* segment_decay;  // [sequences, segments, heads, keys, keys]: S after = this S before + ...
};

struct ChunkArgs {
  GatedDeltaRule rule;
  ChunkWorkspace workspace;
  int most_chunks;  // at most so many
};

}  // namespace jet::cuda
