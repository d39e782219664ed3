// The CUDA kernels of the gated delta rule, behind raw device pointers: gated_delta_rule.h's op
// calls them, and so do their tests and benchmarks.
//   S <- exp(g) S;  S <- S + k (beta (v - S^T k))^T;  y = S^T q
// Nothing is allocated and nothing waits for the device: memory comes in, work goes on a stream.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace jet::cuda {

struct GatedDeltaRule {
  const void* q = nullptr;  // [tokens, heads, keys], L2-normalised and scaled
  const void* k = nullptr;  // [tokens, heads, keys], L2-normalised
  const void* v = nullptr;  // [tokens, heads, values]
  void* y = nullptr;        // [tokens, heads, values]
  bool is_bf16 = true;      // q, k, v and y: bf16, else float32
  // Elements between tokens; the heads of a token lie together. Multiples of 8 for the chunked
  // form.
  int64_t q_stride = 0, k_stride = 0, v_stride = 0, y_stride = 0;
  const float* g = nullptr;     // [tokens, heads], log of the decay, <= 0
  const float* beta = nullptr;  // [tokens, heads], in [0, 1]

  const int32_t* offsets = nullptr;  // [sequences + 1] first row of each; the last is `tokens`
  const int32_t* slots = nullptr;    // [sequences]; -1: padding, starts from 0 and keeps nothing
  const int32_t* past = nullptr;     // [sequences]; 0: starts from 0 whatever its slot holds
  int sequences = 0, tokens = 0, heads = 0, keys = 0, values = 0;
  void* state = nullptr;       // [slots, heads, keys, values], updated
  bool state_is_bf16 = false;  // else float32; rounded to the nearest when a call ends

  void* workspace = nullptr;  // gated_delta_rule_workspace() bytes, 256-byte aligned
  int segments = 1;           // parts a sequence is cut into that run side by side; 1 gives results
                              // that do not depend on how a prompt is cut at multiples of 64
  bool portable = false;      // without Hopper's own instructions
};

// Whether the chunked form knows these shapes: keys 64, 96 or 128, values a multiple of 64.
bool gated_delta_rule_has_chunks(int keys, int values);

// How many segments fill a chip of `processors` with sequences of like length: 1 when they do so
// uncut.
int gated_delta_rule_segments(const GatedDeltaRule& args, int processors);

size_t gated_delta_rule_workspace(const GatedDeltaRule& args);  // bytes; 0 for the step form

// Chunks of 64 tokens on the tensor cores; bf16 alone.
cudaError_t gated_delta_rule_chunks(const GatedDeltaRule& args, cudaStream_t stream);

// Token by token in float32, keys and values up to 256 each.
cudaError_t gated_delta_rule_steps(const GatedDeltaRule& args, cudaStream_t stream);

}  // namespace jet::cuda
