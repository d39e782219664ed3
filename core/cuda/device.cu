// Opening the first CUDA device, and its memory.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include <jet/error.h>

#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"

namespace jet {
namespace {

constexpr int64_t kAlignment = 256;

bool wants_portable_kernels() {
  const char* kernels = std::getenv("JET_KERNELS");
  return kernels != nullptr && std::strcmp(kernels, "portable") == 0;
}

void expect_device() {
  int driver = 0, count = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
    throw Error("CUDA is not available: there is no NVIDIA driver");
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    throw Error(std::string("CUDA is not available: ") +
                (status != cudaSuccess ? cudaGetErrorString(status) : "there is no device"));
  }
}

class CudaGraph final : public DeviceGraph {
 public:
  CudaGraph(cudaGraph_t graph, cudaStream_t stream) : stream_(stream) {
    check_cuda(cudaGraphInstantiate(&graph_, graph, 0), "making a graph");
  }
  ~CudaGraph() override { cudaGraphExecDestroy(graph_); }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;
  void launch() override { check_cuda(cudaGraphLaunch(graph_, stream_), "launching a graph"); }

 private:
  cudaGraphExec_t graph_ = nullptr;
  cudaStream_t stream_;
};

}  // namespace

bool launches_overlap() {
  static const bool overlap = [] {
    int device = 0, major = 0;
    return !wants_portable_kernels() && cudaGetDevice(&device) == cudaSuccess &&
           cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) ==
               cudaSuccess &&
           major >= 9;
  }();
  return overlap;
}

void fail_cuda(const std::string& what) { throw Error("CUDA: " + what); }

CudaDevice::CudaDevice(const DeviceOptions& options, const DeviceOps& ops)
    : options_(options), ops_(ops) {
  expect_device();
  check_cuda(cudaSetDevice(0), "opening device 0");
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, 0), "properties of device 0");
  name_ = properties.name;
  if (properties.major < 8) {
    throw Error("CUDA is not available: " + name_ + " has compute capability " +
                std::to_string(properties.major) + "." + std::to_string(properties.minor) +
                ", expected 8.0 or above");
  }
  multiprocessors_ = properties.multiProcessorCount;
  is_hopper_ = properties.major == 9 && properties.minor == 0 && !wants_portable_kernels();
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
  products_ = std::make_unique<MatrixProducts>(options.deterministic);
  size_t free = 0, total = 0;
  check_cuda(cudaMemGetInfo(&free, &total), "reading the free memory");
  limit_ = static_cast<int64_t>(static_cast<double>(free) * options.memory_fraction);
}

CudaDevice::~CudaDevice() {
  cudaStreamSynchronize(stream_);
  products_.reset();
  cudaStreamDestroy(stream_);
}

// Blocks are the runtime's own, not parts of one: compute-sanitizer then sees their ends.
std::shared_ptr<std::byte> CudaDevice::allocate(int64_t bytes) {
  const int64_t padded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (padded == 0) return {};
  const auto no_room = [&] {
    throw Error("out of device memory: " + std::to_string(bytes) + " bytes were asked for, " +
                std::to_string(in_use_) + " of " + std::to_string(limit_) + " are in use");
  };
  if (in_use_.fetch_add(padded) + padded > limit_) {
    in_use_ -= padded;
    no_room();
  }
  void* memory = nullptr;
  if (cudaMalloc(&memory, static_cast<size_t>(padded)) != cudaSuccess) {
    cudaGetLastError();  // the error is reported here, not by the next launch
    in_use_ -= padded;
    no_room();
  }
  auto self = std::static_pointer_cast<CudaDevice>(shared_from_this());
  return {static_cast<std::byte*>(memory), [self, padded](std::byte* taken) {
            cudaFree(taken);
            self->in_use_ -= padded;
          }};
}

void CudaDevice::upload(std::byte* to, const std::byte* from, int64_t bytes) {
  if (bytes == 0) return;
  check_cuda(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream_),
             "copying to the device");
  check_cuda(cudaStreamSynchronize(stream_), "copying to the device");
}

void CudaDevice::download(std::byte* to, const std::byte* from, int64_t bytes) {
  if (bytes == 0) return;
  check_cuda(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost, stream_),
             "copying from the device");
  wait();
}

void CudaDevice::copy(std::byte* to, const std::byte* from, int64_t bytes) {
  if (bytes == 0) return;
  check_cuda(
      cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice, stream_),
      "copying on the device");
}

void CudaDevice::clear(std::byte* to, int64_t bytes) {
  if (bytes == 0) return;
  check_cuda(cudaMemsetAsync(to, 0, static_cast<size_t>(bytes), stream_), "clearing memory");
}

std::unique_ptr<DeviceGraph> CudaDevice::record(const std::function<void()>& work) {
  check_cuda(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "recording");
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(stream_, &graph);
    cudaGraphDestroy(graph);
    throw;
  }
  check_cuda(cudaStreamEndCapture(stream_, &graph), "recording");
  const std::unique_ptr<CUgraph_st, cudaError_t (*)(cudaGraph_t)> recorded(graph, cudaGraphDestroy);
  return std::make_unique<CudaGraph>(graph, stream_);
}

double CudaDevice::measure_copy_bandwidth() {
  constexpr int kRounds = 21;
  const int64_t bytes =
      std::min(int64_t{1} << 30, (limit_ - in_use_) / 2) / (2 * kAlignment) * kAlignment;
  const auto memory = allocate(2 * bytes);
  cudaEvent_t begin, end;
  check_cuda(cudaEventCreate(&begin), "an event");
  check_cuda(cudaEventCreate(&end), "an event");
  std::array<float, kRounds> milliseconds;
  for (float& time : milliseconds) {
    cudaEventRecord(begin, stream_);
    copy(memory.get() + bytes, memory.get(), bytes);
    cudaEventRecord(end, stream_);
    wait();
    cudaEventElapsedTime(&time, begin, end);
  }
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  std::ranges::sort(milliseconds);
  return 2e3 * static_cast<double>(bytes) / milliseconds[kRounds / 2];
}

void CudaDevice::wait() { check_cuda(cudaStreamSynchronize(stream_), "waiting for the device"); }

}  // namespace jet
