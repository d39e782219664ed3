// Between the scans of the chunked gated delta rule: the states before segments 2, 3, ... of each
// sequence, S[p + 1] = decay[p] S[p] + what segment p makes from zero, in float32.
#pragma once

#include "ops/cuda/async_copy.cuh"
#include "ops/cuda/tensor_core.cuh"
#include "ops/gated_delta_rule/chunks.cuh"

namespace jet::cuda {

inline constexpr int kJoinColumns = 16;  // of V that a block takes
inline constexpr int kJoinThreads = 256;

template <int kKeys>
struct JoinMemory {
  float decay[2][kKeys * kKeys];  // of this segment and the next
  float before[kKeys][kJoinColumns];
};

// Grid (values / 16, heads, sequences). A thread takes a column and every sixteenth key.
template <int kKeys>
__global__ void __launch_bounds__(kJoinThreads) chunk_join(const ChunkArgs args) {
  extern __shared__ __align__(16) char raw[];
  auto& memory = *reinterpret_cast<JoinMemory<kKeys>*>(raw);
  const GatedDeltaRule& rule = args.rule;
  const int column = threadIdx.x % kJoinColumns, part = threadIdx.x / kJoinColumns;
  const int head = blockIdx.y, sequence = blockIdx.z;
  if (rule.offsets[sequence] == rule.offsets[sequence + 1]) return;
  constexpr int kParts = kJoinThreads / kJoinColumns, kRows = kKeys / kParts;
  const auto unit = [&](int segment) {
    return (int64_t{sequence} * rule.segments + segment) * rule.heads + head;
  };
  const auto state_of = [&](int segment) {
    return args.workspace.segment_state + unit(segment) * kKeys * rule.values +
           blockIdx.x * kJoinColumns + column;
  };
  const auto copy_decay = [&](int segment) {
    if (segment < rule.segments - 1) {
      const float* from = args.workspace.segment_decay + unit(segment) * kKeys * kKeys;
      for (int i = threadIdx.x; i < kKeys * kKeys / 4; i += kJoinThreads)
        copy_async(shared_address(memory.decay[segment % 2] + i * 4), from + i * 4);
    }
    commit_copies();
  };
  copy_decay(1);
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int key = part + i * kParts;
    memory.before[key][column] = state_of(1)[int64_t{key} * rule.values];
  }
  for (int segment = 1; segment < rule.segments - 1; ++segment) {
    copy_decay(segment + 1);
    float* to = state_of(segment + 1);
    float sums[kRows];
#pragma unroll
    for (int i = 0; i < kRows; ++i) sums[i] = to[int64_t{part + i * kParts} * rule.values];
    wait_copies<1>();
    __syncthreads();
    const float* decay = memory.decay[segment % 2];
#pragma unroll 2
    for (int key = 0; key < kKeys; key += 4) {
      const float s[4] = {memory.before[key][column], memory.before[key + 1][column],
                          memory.before[key + 2][column], memory.before[key + 3][column]};
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        const float4 d =
            *reinterpret_cast<const float4*>(decay + (part + i * kParts) * kKeys + key);
        sums[i] += d.x * s[0] + d.y * s[1] + d.z * s[2] + d.w * s[3];
      }
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const int key = part + i * kParts;
      to[int64_t{key} * rule.values] = memory.before[key][column] = sums[i];
    }
  }
}

}  // namespace jet::cuda
