// Attention of one token a sequence over its cache, the token's own key and value included: split
// KV (Dao et al. 2023, Flash-Decoding), grouped queries, pages or rings; raw device pointers.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace jet::cuda {

enum class CacheNumber { BFloat16, Float8 };  // Float8: e4m3

struct DecodeAttention {
  const void* q = nullptr;             // [sequences, heads, width] bf16
  void* y = nullptr;                   // [sequences, heads, width] bf16
  int64_t q_stride = 0, y_stride = 0;  // elements between sequences, multiples of 8
  const void* k_cache = nullptr;       // [rows, groups, width], 16-byte aligned
  const void* v_cache = nullptr;
  CacheNumber number = CacheNumber::BFloat16;
  const float* k_scale = nullptr;  // [groups] what a stored number is multiplied by; null: 1
  const float* v_scale = nullptr;

  const int32_t* past = nullptr;   // [sequences] tokens before this one; positions 0..past are read
  const int32_t* slots = nullptr;  // [sequences] -1: padding, y = 0
  const int32_t* pages = nullptr;  // [sequences, pages_per_sequence] of 64 rows; null: rings
  int pages_per_sequence = 0;
  int window = 0;  // rings: rows of one, position p in row slots[n] window + p % window

  int sequences = 0, heads = 0, groups = 0, width = 0;
  float scale = 1.0f;      // of q k^T
  int most_positions = 0;  // no sequence has more; sets the grid alone
  int split = 1024;        // positions a block takes, a multiple of 64; results depend on it
  void* workspace = nullptr;
};

bool has_decode_attention(const DecodeAttention& args);          // width 64 or 128
size_t decode_attention_workspace(const DecodeAttention& args);  // bytes

// Reads the caches' visible rows once for eight heads of a group. The order of every sum follows
// from the positions and `split` alone, so a sequence's result depends on no other.
cudaError_t decode_attention(const DecodeAttention& args, cudaStream_t stream);

}  // namespace jet::cuda
