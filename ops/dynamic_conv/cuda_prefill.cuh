// The dynamic convolution over prompts in bf16, behind raw device pointers.
//   y[t, c] = silu( sum_{i < W} taps[t, c, i] u[t - (W - 1) + i, c] )
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace jet::cuda {

struct DynamicConvPrefill {
  const void* u = nullptr;     // [tokens, channels] bf16, 16-byte aligned; strides multiples of 8
  const void* taps = nullptr;  // [tokens, channels, 4] bf16, tap index fastest
  void* y = nullptr;           // [tokens, channels] bf16
  int64_t u_stride = 0, taps_stride = 0, y_stride = 0;  // elements between tokens
  const int32_t* offsets = nullptr;                     // [sequences + 1]
  const int32_t* slots = nullptr;  // [sequences] -1: padding, sees zeros and keeps nothing
  const int32_t* past = nullptr;   // [sequences] 0: u before it is zero whatever the slot holds
  int sequences = 0, tokens = 0, channels = 0;  // channels a multiple of 8
  void* state = nullptr;  // [slots, 3, channels] bf16, the last rows of u, oldest first; updated
};

// Four taps. Reads 10 and writes 2 bytes a channel and token. Two kernels: the outputs, then the
// state.
cudaError_t dynamic_conv_prefill(const DynamicConvPrefill& args, cudaStream_t stream);

}  // namespace jet::cuda
