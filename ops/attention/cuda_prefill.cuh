// Attention of prompts, and of parts of them, in bf16 on the tensor cores: a block takes 128 rows
// of one head over the positions in tiles (Dao 2023, FlashAttention-2; on Hopper Shah et al. 2024,
// FlashAttention-3); raw device pointers.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "ops/attention/cuda_decode.cuh"
#include "ops/batch.cuh"

namespace jet::cuda {

struct PrefillAttention {
  const void* q = nullptr;  // [tokens, heads, width] bf16, as all here
  const void* k = nullptr;  // [tokens, groups, width], the step's own
  const void* v = nullptr;
  void* y = nullptr;                                               // [tokens, heads, width]
  int64_t q_stride = 0, k_stride = 0, v_stride = 0, y_stride = 0;  // elements between tokens
  const void* k_cache = nullptr;  // [rows, groups, width], positions before the step
  const void* v_cache = nullptr;
  CacheNumber number = CacheNumber::BFloat16;  // of the cache; Float8 on Hopper alone
  CacheRows rows = {};                         // where a position lies in them
  DeviceBatch batch = {};

  int sequences = 0, heads = 0, groups = 0, width = 0;
  int longest = 0;        // rows of the sequence that has most
  int window = 0;         // 0: all earlier positions
  float scale = 1.0f;     // of q k^T
  bool portable = false;  // without Hopper's own instructions
};

// Width 64 or 128, strides multiples of 8, pointers of 16 bytes.
bool has_prefill_attention(const PrefillAttention& args);

// The order of every sum follows from the positions alone. 4 heads width flops a pair of positions.
cudaError_t prefill_attention(const PrefillAttention& args, cudaStream_t stream);
// Its part for Hopper.
cudaError_t prefill_attention_hopper(const PrefillAttention& args, cudaStream_t stream);

}  // namespace jet::cuda
