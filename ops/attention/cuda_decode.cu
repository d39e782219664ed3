// decode_attention: a warp takes every fourth tile of 16 positions of a split through its own ring
// of copies and keeps its own maximum, sum and outputs; warps meet once, at the split's end.
//
// Products stand transposed, S^T = K q^T [16 positions, 8 heads] and Y^T += V^T P^T [width, 8], so
// that a group of up to 8 heads fills the matrix unit's 8 columns.
#include <cuda_bf16.h>

#include "core/cuda/launch.cuh"
#include "ops/attention/cuda_decode.cuh"
#include "ops/attention/decode_tiles.cuh"
#include "ops/cuda/async_copy.cuh"
#include "ops/cuda/tensor_core.cuh"

namespace jet::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kStages = 3;
constexpr int kTile = 16;  // positions
constexpr int kHeads = 8;  // of a group that a block takes
constexpr int kPage = 64;  // positions
constexpr float kLog2E = 1.4426950408889634f;

// What a split leaves for the merge, one a (sequence, split, head): maximum and sum of the softmax
// in powers of two, and the outputs over that sum's maximum.
struct Partial {
  float maximum, sum;
};

__device__ __host__ int splits_of(int positions, int split) {
  return (positions + split - 1) / split;
}

__device__ int visible_positions(const DecodeAttention& args, int sequence) {
  if (args.slots[sequence] < 0) return 0;
  const int positions = args.past[sequence] + 1;
  return args.pages == nullptr ? min(positions, args.window) : positions;
}

template <typename Tile, int kWidth>
__global__ void __launch_bounds__(kWarps * 32, 2)
    attend(const DecodeAttention args, Partial* partials, float* outputs, int splits) {
  constexpr int kTileBytes = kTile * Tile::kRowBytes;
  constexpr int kPieces = Tile::kRowBytes / 16;
  constexpr int kOutputs = kWidth / 16;
  extern __shared__ __align__(1024) char raw[];
  begin_after_earlier_kernels();
  const int split = blockIdx.x, sequence = blockIdx.z;
  const int per_group = args.heads / args.groups, parts = (per_group + kHeads - 1) / kHeads;
  const int group = blockIdx.y / parts, first_head = blockIdx.y % parts * kHeads;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int positions = visible_positions(args, sequence);
  const int begin = split * args.split, end = min(positions, begin + args.split);
  if (begin >= end) return;

  const int64_t row_bytes = int64_t{args.groups} * Tile::kRowBytes;
  const char* keys = static_cast<const char*>(args.k_cache) + group * Tile::kRowBytes;
  const char* values = static_cast<const char*>(args.v_cache) + group * Tile::kRowBytes;
  const int32_t* pages =
      args.pages == nullptr ? nullptr : args.pages + int64_t{sequence} * args.pages_per_sequence;
  const int64_t ring = int64_t{args.slots[sequence]} * args.window;
  const uint32_t stages = shared_address(raw) + warp * kStages * 2 * kTileBytes;
  const int tiles = (end - begin + kTile - 1) / kTile;

  // Lane l copies piece l % kPieces of rows l / kPieces, l / kPieces + 32 / kPieces, ...
  const int piece = lane % kPieces;
  const auto copy_tile = [&](int tile, int stage) {
    if (tile < tiles) {
      const int position = begin + tile * kTile;
      const int64_t first = pages == nullptr
                                ? ring + position
                                : int64_t{pages[position / kPage]} * kPage + position % kPage;
      const uint32_t to = stages + stage * 2 * kTileBytes;
#pragma unroll
      for (int i = 0; i < kTile * kPieces / 32; ++i) {
        const int row = lane / kPieces + i * (32 / kPieces);
        const bool valid = position + row < end;
        const int64_t from = (first + (valid ? row : 0)) * row_bytes + piece * 16;
        const uint32_t at = place<Tile::kRowBytes>(row, piece);
        copy_async(to + at, keys + from, valid);
        copy_async(to + kTileBytes + at, values + from, valid);
      }
    }
    commit_copies();
  };
#pragma unroll
  for (int i = 0; i < kStages - 1; ++i) copy_tile(warp + i * kWarps, i);

  uint32_t q[Tile::kSteps][2];
  {
    const int head = first_head + lane / 4;
    const bool exists = head < per_group;
    const auto* row = static_cast<const __nv_bfloat16*>(args.q) + sequence * args.q_stride +
                      (group * per_group + (exists ? head : 0)) * kWidth;
    const float k_scale = args.k_scale == nullptr ? 1.0f : args.k_scale[group];
    Tile::load_queries(q, row, exists, args.scale * k_scale * kLog2E);
  }

  float y[kOutputs][4] = {};
  float maximum[2] = {-INFINITY, -INFINITY},
        sum[2] = {0, 0};  // of heads 2 (lane % 4), and the next
  int stage = 0;
  for (int tile = warp; tile < tiles; tile += kWarps) {
    wait_copies<kStages - 2>();
    __syncwarp();
    copy_tile(tile + (kStages - 1) * kWarps, stage == 0 ? kStages - 1 : stage - 1);
    const uint32_t keys_at = stages + stage * 2 * kTileBytes;
    stage = stage == kStages - 1 ? 0 : stage + 1;

    float s[4] = {};
    Tile::scores(s, q, keys_at);
    const int position = begin + tile * kTile + lane / 4;
    if (position >= end) s[0] = s[1] = -INFINITY;
    if (position + 8 >= end) s[2] = s[3] = -INFINITY;
    float factor[2];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      float largest = fmaxf(s[h], s[2 + h]);
#pragma unroll
      for (int step = 4; step < 32; step *= 2)
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, step));
      largest = fmaxf(largest, maximum[h]);
      factor[h] = exp2f(maximum[h] - largest);
      maximum[h] = largest;
      s[h] = exp2f(s[h] - largest);
      s[2 + h] = exp2f(s[2 + h] - largest);
      sum[h] = sum[h] * factor[h] + s[h] + s[2 + h];
    }
    if (__any_sync(0xffffffffu, factor[0] != 1.0f || factor[1] != 1.0f)) {
#pragma unroll
      for (int i = 0; i < kOutputs * 4; ++i) y[i / 4][i % 4] *= factor[i % 2];
    }
    // P^T as the right operand: positions down, heads across.
    const uint32_t p0 = transpose_matrix(Tile::pack(s[0], s[1]));
    const uint32_t p1 = transpose_matrix(Tile::pack(s[2], s[3]));
    Tile::mix(y, p0, p1, keys_at + kTileBytes);
    __syncwarp();
  }
  wait_copies<0>();
#pragma unroll
  for (int h = 0; h < 2; ++h) {
#pragma unroll
    for (int step = 4; step < 32; step *= 2) sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], step);
  }

  // The warps' parts, in order.
  struct Meeting {
    float maximum[kWarps][kHeads], sum[kWarps][kHeads];
    float y[kWarps][kHeads][kWidth];
  };
  static_assert(sizeof(Meeting) <= kWarps * kStages * 2 * kTileBytes);
  auto& meeting = *reinterpret_cast<Meeting*>(raw);
  __syncthreads();
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    const int head = lane % 4 * 2 + h;
    if (lane < 4) {
      meeting.maximum[warp][head] = maximum[h];
      meeting.sum[warp][head] = sum[h];
    }
#pragma unroll
    for (int i = 0; i < kOutputs; ++i) {
      meeting.y[warp][head][Tile::column(i, 0)] = y[i][h];
      meeting.y[warp][head][Tile::column(i, 2)] = y[i][2 + h];
    }
  }
  __syncthreads();
  const float v_scale = args.v_scale == nullptr ? 1.0f : args.v_scale[group];
  const int heads_here = min(kHeads, per_group - first_head);
  for (int i = threadIdx.x; i < heads_here * kWidth; i += kWarps * 32) {
    const int head = i / kWidth, column = i % kWidth;
    float largest = meeting.maximum[0][head];
    for (int w = 1; w < kWarps; ++w) largest = fmaxf(largest, meeting.maximum[w][head]);
    float total = 0.0f, out = 0.0f;
    for (int w = 0; w < kWarps; ++w) {
      const float factor = exp2f(meeting.maximum[w][head] - largest);
      total += factor * meeting.sum[w][head];
      out += factor * meeting.y[w][head][column];
    }
    const int64_t unit =
        (int64_t{sequence} * splits + split) * args.heads + group * per_group + first_head + head;
    outputs[unit * kWidth + column] = out * v_scale;
    if (column == 0) partials[unit] = {largest, total};
  }
}

// A block a sequence and head. Thread t finds the weights of splits t, t + width, ...; the sums run
// over splits in ascending order.
template <int kWidth>
__global__ void __launch_bounds__(kWidth)
    merge(const DecodeAttention args, const Partial* partials, const float* outputs, int splits) {
  extern __shared__ float weights[];  // [2, splits]: factors, sums
  __shared__ float largest_of[kWidth / 32];
  begin_after_earlier_kernels();
  const int head = blockIdx.x, sequence = blockIdx.y, column = threadIdx.x;
  const int count = splits_of(visible_positions(args, sequence), args.split);
  const int64_t first = int64_t{sequence} * splits * args.heads + head;
  float largest = -INFINITY;
  for (int i = column; i < count; i += kWidth)
    largest = fmaxf(largest, partials[first + int64_t{i} * args.heads].maximum);
  for (int step = 16; step > 0; step /= 2)
    largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, step));
  if (column % 32 == 0) largest_of[column / 32] = largest;
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kWidth / 32; ++i) largest = fmaxf(largest, largest_of[i]);
  for (int i = column; i < count; i += kWidth) {
    const Partial partial = partials[first + int64_t{i} * args.heads];
    weights[i] = exp2f(partial.maximum - largest);
    weights[splits + i] = partial.sum;
  }
  __syncthreads();
  float total = 0.0f, out = 0.0f;
  const float* column_of = outputs + first * kWidth + column;
#pragma unroll 8
  for (int i = 0; i < count; ++i) {
    total += weights[i] * weights[splits + i];
    out += weights[i] * column_of[int64_t{i} * args.heads * kWidth];
  }
  static_cast<__nv_bfloat16*>(args.y)[sequence * args.y_stride + head * kWidth + column] =
      __float2bfloat16(count == 0 ? 0.0f : out / total);
}

int64_t units_of(const DecodeAttention& args) {
  return int64_t{args.sequences} * splits_of(args.most_positions, args.split) * args.heads;
}

template <typename Tile, int kWidth>
cudaError_t launch(const DecodeAttention& args, cudaStream_t stream) {
  const int splits = splits_of(args.most_positions, args.split);
  auto* partials = static_cast<Partial*>(args.workspace);
  auto* outputs = reinterpret_cast<float*>(partials + (units_of(args) + 1) / 2 * 2);
  const unsigned parts = (args.heads / args.groups + kHeads - 1) / kHeads;
  constexpr int kMemory = kWarps * kStages * 2 * kTile * Tile::kRowBytes;
  const auto kernel = attend<Tile, kWidth>;
  if (const cudaError_t error =
          cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMemory);
      error != cudaSuccess)
    return error;
  if (const cudaError_t error =
          launch_overlapping(stream, dim3(splits, args.groups * parts, args.sequences), kWarps * 32,
                             kMemory, kernel, args, partials, outputs, splits);
      error != cudaSuccess)
    return error;
  return launch_overlapping(stream, dim3(args.heads, args.sequences), kWidth,
                            2 * splits * sizeof(float), merge<kWidth>, args, partials, outputs,
                            splits);
}

}  // namespace

bool has_decode_attention(const DecodeAttention& args) {
  return (args.width == 64 || args.width == 128) && args.split % kPage == 0 && args.split > 0 &&
         args.groups > 0 && args.heads % args.groups == 0;
}

size_t decode_attention_workspace(const DecodeAttention& args) {
  const auto units = static_cast<size_t>(units_of(args));
  return (units + 1) / 2 * 2 * sizeof(Partial) +
         units * static_cast<size_t>(args.width) * sizeof(float);
}

cudaError_t decode_attention(const DecodeAttention& args, cudaStream_t stream) {
  if (!has_decode_attention(args)) return cudaErrorInvalidValue;
  if (args.sequences == 0 || args.most_positions == 0) return cudaSuccess;
  const bool is_narrow = args.width == 64;
  if (args.number == CacheNumber::Float8) {
    return is_narrow ? launch<Float8Tile<64>, 64>(args, stream)
                     : launch<Float8Tile<128>, 128>(args, stream);
  }
  return is_narrow ? launch<BFloat16Tile<64>, 64>(args, stream)
                   : launch<BFloat16Tile<128>, 128>(args, stream);
}

}  // namespace jet::cuda
