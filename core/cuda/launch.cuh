// Kernels that begin while the one before them ends (programmatic dependent launch): their blocks
// take free places, fetch what no kernel writes, such as weights, and wait for the rest.
#pragma once

#include <utility>

#include <cuda_runtime.h>

namespace jet {

// Whether this device does so: compute capability 9.0 and above, unless JET_KERNELS=portable.
bool launches_overlap();

// Ends once all kernels before this one are complete and their writes seen. A kernel that
// launch_overlapping() starts must call it before it reads what any of them writes, or writes.
__device__ __forceinline__ void wait_for_earlier_kernels() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Once every block has said so (or ended), the next kernel's blocks may begin.
__device__ __forceinline__ void let_next_kernel_begin() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// For kernels that have nothing to fetch ahead.
__device__ __forceinline__ void begin_after_earlier_kernels() {
  let_next_kernel_begin();
  wait_for_earlier_kernels();
}

template <typename... Parameters, typename... Arguments>
cudaError_t launch_overlapping(cudaStream_t stream, dim3 grid, dim3 block, size_t shared_bytes,
                               void (*kernel)(Parameters...), Arguments&&... arguments) {
  cudaLaunchAttribute overlap{};
  overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  overlap.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = &overlap;
  config.numAttrs = launches_overlap() ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, Parameters(std::forward<Arguments>(arguments))...);
}

}  // namespace jet
