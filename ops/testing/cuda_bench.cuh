// Times CUDA kernels for the benchmarks: medians by events, beside the floor of the machine.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include <benchmark/benchmark.h>
#include <cuda_runtime_api.h>

#include "ops/testing/device_array.cuh"

namespace jet::testing {

// One H100 80GB HBM3, measured: copies (read + written), reads alone, bf16 products.
inline constexpr double kCopyBytes = 3.02e12, kReadBytes = 3.08e12, kFlops = 787e12;

// Random numbers of a kind, made on the host once and repeated: a device holds too many to draw.
template <typename T>
void fill(DeviceArray<T>& array, const std::vector<T>& pattern) {
  for (size_t at = 0; at < array.size(); at += pattern.size()) {
    const size_t count = std::min(pattern.size(), array.size() - at);
    check_cuda(cudaMemcpy(array.data() + at, at == 0 ? pattern.data() : array.data(),
                          count * sizeof(T), cudaMemcpyDefault));
  }
}

// Median milliseconds of `call(i, stream)`, i counting the calls, so that a call may rotate its
// inputs. `in_row` of them are replayed as a graph, as an engine's step is, which hides launches.
inline double median_ms(const std::function<void(int, cudaStream_t)>& call, int in_row = 1,
                        int runs = 21) {
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaGraphExec_t replay;
  cudaEvent_t begin, end;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  for (int i = 0; i < in_row; ++i) call(i, stream);
  check_cuda(cudaStreamEndCapture(stream, &graph));
  check_cuda(cudaGraphInstantiate(&replay, graph, 0));
  check_cuda(cudaEventCreate(&begin));
  check_cuda(cudaEventCreate(&end));
  std::vector<float> times;
  for (int i = -3; i < runs; ++i) {
    check_cuda(cudaEventRecord(begin, stream));
    check_cuda(cudaGraphLaunch(replay, stream));
    check_cuda(cudaEventRecord(end, stream));
    check_cuda(cudaEventSynchronize(end));
    float ms = 0;
    check_cuda(cudaEventElapsedTime(&ms, begin, end));
    if (i >= 0) times.push_back(ms / static_cast<float>(in_row));
  }
  check_cuda(cudaEventDestroy(begin));
  check_cuda(cudaEventDestroy(end));
  check_cuda(cudaGraphExecDestroy(replay));
  check_cuda(cudaGraphDestroy(graph));
  check_cuda(cudaStreamDestroy(stream));
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[static_cast<size_t>(runs / 2)];
}

// Reports a time, and how far it is from the floor: bytes over a bandwidth, flops over the
// products.
inline void report(benchmark::State& state, double ms, double bytes, double bandwidth,
                   double flops) {
  const double floor_ms = 1e3 * std::max(bytes / bandwidth, flops / kFlops);
  state.SetIterationTime(ms / 1e3);
  state.counters["ms"] = ms;
  state.counters["floor_ms"] = floor_ms;
  state.counters["over_floor"] = ms / floor_ms;
  state.counters["TBps"] = bytes / ms / 1e9;
  state.counters["TFLOPs"] = flops / ms / 1e9;
}

}  // namespace jet::testing
