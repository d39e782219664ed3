// The chunked gated delta rule: plan, prepare, scan (twice, with a join between, when sequences are
// cut into segments).
#include <algorithm>

#include "ops/cuda/warp_products.cuh"
#include "ops/cuda/warpgroup_products.cuh"
#include "ops/gated_delta_rule/chunk_join.cuh"
#include "ops/gated_delta_rule/chunk_prepare.cuh"
#include "ops/gated_delta_rule/chunk_scan.cuh"
#include "ops/gated_delta_rule/chunks.cuh"

namespace jet::cuda {
namespace {

constexpr int kPlanThreads = 1024;
constexpr size_t kAlignment = 512;  // of tiles in shared memory

// Which rows each chunk takes, and each sequence's first chunk; one block.
__global__ void __launch_bounds__(kPlanThreads) chunk_plan(const ChunkArgs args) {
  __shared__ int sums[kPlanThreads];
  const GatedDeltaRule& rule = args.rule;
  const int thread = threadIdx.x;
  int total = 0;
  for (int base = 0; base < rule.sequences; base += kPlanThreads) {
    const int sequence = base + thread;
    const bool exists = sequence < rule.sequences;
    const int first = exists ? rule.offsets[sequence] : 0;
    const int rows = exists ? rule.offsets[sequence + 1] - first : 0;
    const int chunks = (rows + kChunk - 1) / kChunk;
    sums[thread] = chunks;
    __syncthreads();
    for (int step = 1; step < kPlanThreads; step *= 2) {
      const int left = thread >= step ? sums[thread - step] : 0;
      __syncthreads();
      sums[thread] += left;
      __syncthreads();
    }
    if (exists) args.workspace.first_chunk[sequence] = total + sums[thread] - chunks;
    total += sums[kPlanThreads - 1];
    __syncthreads();
  }
  if (thread == 0) args.workspace.first_chunk[rule.sequences] = total;
  __syncthreads();
  for (int c = thread; c < args.most_chunks; c += kPlanThreads) {
    int low = 0, high = rule.sequences;  // first_chunk[low] <= c < first_chunk[high]
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (args.workspace.first_chunk[middle] <= c ? low : high) = middle;
    }
    const int done = (c - args.workspace.first_chunk[low]) * kChunk;
    const int first = rule.offsets[low], rows = rule.offsets[low + 1] - first;
    args.workspace.chunks[c] = c < total ? Chunk{first + done, min(kChunk, rows - done)} : Chunk{};
  }
}

// Takes parts of the workspace one after another; with a null base it only counts.
class Parts {
 public:
  explicit Parts(void* base) : base_(static_cast<char*>(base)) {}
  template <typename T>
  T* take(int64_t count) {
    char* part = base_ + bytes_;
    bytes_ += (static_cast<size_t>(count) * sizeof(T) + 255) / 256 * 256;
    return reinterpret_cast<T*>(part);
  }
  size_t bytes() const { return bytes_; }

 private:
  char* base_;
  size_t bytes_ = 0;
};

ChunkArgs lay_out(const GatedDeltaRule& rule, size_t& bytes) {
  Parts parts(rule.workspace);
  const int most_chunks = rule.tokens / kChunk + rule.sequences;
  const int64_t units = int64_t{most_chunks} * rule.heads;
  const int64_t states =
      rule.segments > 1 ? int64_t{rule.sequences} * rule.segments * rule.heads : 0;
  ChunkArgs args{.rule = rule, .workspace = {}, .most_chunks = most_chunks};
  args.workspace.chunks = parts.take<Chunk>(most_chunks);
  args.workspace.first_chunk = parts.take<int>(rule.sequences + 1);
  args.workspace.inverse = parts.take<__nv_bfloat16>(units * kChunk * kChunk);
  args.workspace.mix = parts.take<__nv_bfloat16>(units * kChunk * kChunk);
  args.workspace.factors = parts.take<ChunkFactors>(units);
  args.workspace.segment_state = parts.take<float>(states * rule.keys * rule.values);
  args.workspace.segment_decay = parts.take<float>(states * rule.keys * rule.keys);
  bytes = parts.bytes();
  return args;
}

template <typename Kernel>
cudaError_t launch(Kernel kernel, dim3 grid, int threads, size_t memory, const ChunkArgs& args,
                   cudaStream_t stream) {
  const auto bytes = static_cast<int>(memory);
  if (const cudaError_t error =
          cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
      error != cudaSuccess)
    return error;
  kernel<<<grid, threads, memory, stream>>>(args);
  return cudaGetLastError();
}

template <typename Products, int kKeys, int kGroups, bool kOutputs>
cudaError_t scan(const ChunkArgs& args, cudaStream_t stream) {
  using Here = Scan<Products, kKeys, kGroups, kOutputs>;
  const GatedDeltaRule& rule = args.rule;
  const int columns = rule.values + (kOutputs ? 0 : kKeys);
  const int segments = kOutputs ? rule.segments : rule.segments - 1;
  const dim3 grid((columns + Here::kColumns - 1) / Here::kColumns, rule.heads,
                  rule.sequences * segments);
  return launch(chunk_scan<Products, kKeys, kGroups, kOutputs>, grid, Here::kThreads,
                sizeof(typename Here::Memory) + kAlignment, args, stream);
}

template <typename Products, int kKeys, int kGroups>
cudaError_t run(const ChunkArgs& args, cudaStream_t stream) {
  const GatedDeltaRule& rule = args.rule;
  chunk_plan<<<1, kPlanThreads, 0, stream>>>(args);
  cudaError_t error =
      launch(chunk_prepare<kKeys>, dim3(rule.heads, args.most_chunks), kPrepareThreads,
             sizeof(PrepareMemory<kKeys>) + kAlignment, args, stream);
  if (error == cudaSuccess && rule.segments > 1)
    error = scan<Products, kKeys, kGroups, false>(args, stream);
  if (error == cudaSuccess && rule.segments > 2) {
    error = launch(chunk_join<kKeys>, dim3(rule.values / kJoinColumns, rule.heads, rule.sequences),
                   kJoinThreads, sizeof(JoinMemory<kKeys>), args, stream);
  }
  if (error == cudaSuccess) error = scan<Products, kKeys, kGroups, true>(args, stream);
  return error;
}

// Wide blocks read k, q, A and M less often; narrow ones are more, for a chip that is not full.
template <typename Products, int kKeys>
cudaError_t run(const ChunkArgs& args, cudaStream_t stream) {
  constexpr int kProcessors = 132;
  const GatedDeltaRule& rule = args.rule;
  const int64_t narrow =
      int64_t{rule.values / kScanColumns} * rule.heads * rule.sequences * rule.segments;
  if constexpr (Products::kGivesRegisters) {
    if (rule.values % (2 * kScanColumns) == 0 && narrow > kProcessors)
      return run<Products, kKeys, 2>(args, stream);
  }
  return run<Products, kKeys, 1>(args, stream);
}

template <typename Products>
cudaError_t run(const ChunkArgs& args, cudaStream_t stream) {
  switch (args.rule.keys) {
    case 64:
      return run<Products, 64>(args, stream);
    case 96:
      return run<Products, 96>(args, stream);
    default:
      return run<Products, 128>(args, stream);
  }
}

}  // namespace

bool gated_delta_rule_has_chunks(int keys, int values) {
  return (keys == 64 || keys == 96 || keys == 128) && values % kScanColumns == 0;
}

int gated_delta_rule_segments(const GatedDeltaRule& args, int processors) {
  if (args.sequences == 0) return 1;
  const int64_t blocks = (int64_t{args.values} + 2 * kScanColumns - 1) / (2 * kScanColumns) *
                         args.heads * args.sequences;
  const int64_t chunks = args.tokens / args.sequences / kChunk;
  const int64_t segments = std::min<int64_t>(processors / std::max<int64_t>(blocks, 1), chunks / 8);
  return segments < 2 ? 1 : static_cast<int>(segments);
}

size_t gated_delta_rule_workspace(const GatedDeltaRule& args) {
  size_t bytes = 0;
  if (args.is_bf16 && gated_delta_rule_has_chunks(args.keys, args.values)) lay_out(args, bytes);
  return bytes;
}

cudaError_t gated_delta_rule_chunks(const GatedDeltaRule& rule, cudaStream_t stream) {
  if (!rule.is_bf16 || rule.segments < 1 || !gated_delta_rule_has_chunks(rule.keys, rule.values))
    return cudaErrorInvalidValue;
  if (rule.sequences == 0 || rule.tokens == 0) return cudaSuccess;
  size_t bytes = 0;
  const ChunkArgs args = lay_out(rule, bytes);
  return rule.portable ? run<WarpProducts>(args, stream) : run<WarpgroupProducts>(args, stream);
}

}  // namespace jet::cuda
