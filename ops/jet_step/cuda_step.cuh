// One decoding token a sequence through a JetBlock, from the fused projection to the input of the
// output projection, in one kernel behind raw device pointers:
//   q, k = l2_norm(silu(.)), q K^-1/2;  v = silu(dynamic convolution of u);  beta = sigmoid(b)
//   g = -exp(a_log) softplus(a + dt_bias);  S <- the gated delta rule;  y = rms_norm(S^T q)
//   silu(gate)
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace jet::cuda {

struct JetStep {
  // bf16, a row a sequence, rows `..._stride` elements apart; pointers and strides of 16 bytes.
  const void* q = nullptr;                 // [sequences, heads, keys]
  const void* k = nullptr;                 // [sequences, heads, keys]
  const void* u = nullptr;                 // [sequences, heads, values]
  const void* gate = nullptr;              // [sequences, heads, values]
  const void* a = nullptr;                 // [sequences, heads]
  const void* b = nullptr;                 // [sequences, heads]
  const void* convolution_taps = nullptr;  // [sequences, heads, values, taps], tap index fastest
  void* y = nullptr;                       // [sequences, heads, values]
  int64_t q_stride = 0, k_stride = 0, u_stride = 0, gate_stride = 0, a_stride = 0, b_stride = 0,
          taps_stride = 0, y_stride = 0;
  const float* a_log = nullptr;        // [heads]
  const float* dt_bias = nullptr;      // [heads]
  const float* norm_weight = nullptr;  // [values]
  float norm_eps = 1e-5f, l2_eps = 1e-6f;

  const int32_t* from_slots = nullptr;  // [sequences] -1: padding, touches no state; y is written
  const int32_t* to_slots = nullptr;    // [sequences] may equal from_slots
  const int32_t* past = nullptr;        // [sequences] 0: starts from 0 whatever its slot holds
  int sequences = 0, heads = 0, keys = 0, values = 0, taps = 4;

  void* state = nullptr;        // [slots, heads, keys, values]
  bool state_is_bf16 = false;   // else float32; bf16 is rounded stochastically by `seed` and past
  void* convolution = nullptr;  // [slots, taps - 1, heads, values] bf16, oldest first
  uint32_t seed = 0;            // of the layer
  bool portable = false;        // without Hopper's clusters
  // No kernel since all work was last waited for, or since a copy, writes the states or what says
  // where they lie: they may be fetched while earlier kernels end.
  bool state_is_settled = false;
};

// keys x values: 64 x 64, 128 x 128, 96 x 256, 128 x 256; at most 8 taps.
bool has_jet_step(const JetStep& args);

// Moves each state once in and once out: 8 heads keys values bytes a sequence in float32, half in
// bf16; the results of a sequence depend on no other.
cudaError_t jet_step(const JetStep& args, cudaStream_t stream);

}  // namespace jet::cuda
