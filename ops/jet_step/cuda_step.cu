// jet_step on CUDA: a block takes one head of one sequence, or a cluster of blocks does, each a
// slice of V. A thread holds 16-byte pieces of some rows of S in registers from the read to the
// write; the loads are issued first, and what else the token needs is computed while they fly.
#include <cooperative_groups.h>
#include <cuda_bf16.h>

#include "core/cuda/launch.cuh"
#include "ops/jet_step/cuda_step.cuh"

namespace jet::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

__device__ float silu(float x) { return __fdividef(x, 1.0f + __expf(-x)); }

__device__ float sum_of_warp(float x) {
  for (int lane = 16; lane > 0; lane /= 2) x += __shfl_xor_sync(0xffffffffu, x, lane);
  return x;
}

// A well-mixed 32-bit number of a counter (the finaliser of MurmurHash3).
__device__ uint32_t mix(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

// Two numbers to bf16, each up or down with chances that keep the mean.
__device__ uint32_t round_stochastically(float low, float high, uint32_t random) {
  return __byte_perm(__float_as_uint(low) + (random & 0xffff),
                     __float_as_uint(high) + (random >> 16), 0x7632);
}

// 16 bytes of the state as float32 numbers and back.
struct Float32State {
  static constexpr int kNumbers = 4;
  static constexpr int kRowsOfThree = 8, kRowsOfTwo = 24;  // with that many blocks on a processor
  __device__ static void unpack(const int4& piece, float (&x)[4], uint32_t) {
    x[0] = __int_as_float(piece.x);
    x[1] = __int_as_float(piece.y);
    x[2] = __int_as_float(piece.z);
    x[3] = __int_as_float(piece.w);
  }
  __device__ static int4 pack(const float (&x)[4], uint32_t) {
    return {__float_as_int(x[0]), __float_as_int(x[1]), __float_as_int(x[2]), __float_as_int(x[3])};
  }
};

struct BFloat16State {
  static constexpr int kNumbers = 8;
  static constexpr int kRowsOfThree = 12, kRowsOfTwo = 16;
  // `nothing` is 0, which the compiler does not know: it cannot unpack rows before their turn, into
  // more registers than there are.
  __device__ static void unpack(const int4& piece, float (&x)[8], uint32_t nothing) {
    const int pairs[4] = {piece.x, piece.y, piece.z, piece.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      x[2 * i] = __uint_as_float(__byte_perm(pairs[i], nothing, 0x1044));
      x[2 * i + 1] = __uint_as_float(__byte_perm(pairs[i], nothing, 0x3244));
    }
  }
  __device__ static int4 pack(const float (&x)[8], uint32_t counter) {
    uint32_t pairs[4], random = mix(counter);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      pairs[i] = round_stochastically(x[2 * i], x[2 * i + 1], random);
      random = random * 0x9e3779b1u + 0x7f4a7c15u;
    }
    return make_int4(static_cast<int>(pairs[0]), static_cast<int>(pairs[1]),
                     static_cast<int>(pairs[2]), static_cast<int>(pairs[3]));
  }
};

__device__ float number(const void* x, int64_t i) {
  return __bfloat162float(static_cast<const __nv_bfloat16*>(x)[i]);
}

// silu(x) / |silu(x)| of one head's query or key, times `scale`; a warp.
template <int kKeys>
__device__ void normalise(float* y, const void* x, int64_t at, float scale, float eps) {
  const int lane = threadIdx.x % 32;
  float values[kKeys / 32], squares = 0.0f;
#pragma unroll
  for (int i = 0; i < kKeys / 32; ++i) {
    values[i] = silu(number(x, at + lane + 32 * i));
    squares += values[i] * values[i];
  }
  scale *= rsqrtf(sum_of_warp(squares) + eps);
#pragma unroll
  for (int i = 0; i < kKeys / 32; ++i) y[lane + 32 * i] = values[i] * scale;
}

constexpr int kMostKept = 7;  // rows of u that a slot keeps: has_jet_step

// The rows of u before this one, oldest first, of one channel; zeros before the sequence's start.
__device__ void load_kept(const JetStep& args, int channel, int from, int past,
                          __nv_bfloat16 (&rows)[kMostKept]) {
  const int channels = args.heads * args.values, kept = args.taps - 1;
  const auto* state = static_cast<const __nv_bfloat16*>(args.convolution);
#pragma unroll
  for (int i = 0; i < kMostKept; ++i) {
    rows[i] = __float2bfloat16(0.0f);
    if (i < kept && from >= 0 && past >= kept - i)
      rows[i] = state[(int64_t{from} * kept + i) * channels + channel];
  }
}

// One channel of the convolution; keeps the last rows of u in the target slot.
__device__ float convolve(const JetStep& args, int sequence, int channel, int to,
                          const __nv_bfloat16 (&rows)[kMostKept]) {
  const int channels = args.heads * args.values, kept = args.taps - 1;
  auto* state = static_cast<__nv_bfloat16*>(args.convolution);
  const int64_t taps = int64_t{sequence} * args.taps_stride + int64_t{channel} * args.taps;
  const __nv_bfloat16 last =
      static_cast<const __nv_bfloat16*>(args.u)[int64_t{sequence} * args.u_stride + channel];
  float sum = __bfloat162float(last) * number(args.convolution_taps, taps + kept);
#pragma unroll
  for (int i = 0; i < kMostKept; ++i) {
    if (i >= kept) break;
    sum += __bfloat162float(rows[i]) * number(args.convolution_taps, taps + i);
    if (to >= 0 && i > 0) state[(int64_t{to} * kept + i - 1) * channels + channel] = rows[i];
  }
  if (to >= 0 && kept > 0) state[(int64_t{to} * kept + kept - 1) * channels + channel] = last;
  return silu(sum);
}

template <typename State, int kKeys, int kValues, int kSlices>
struct Shape {
  static constexpr int kColumns = kValues / kSlices;          // of a block
  static constexpr int kAcross = kColumns / State::kNumbers;  // threads along a row
  static constexpr int kGroups = kThreads / kAcross;          // of rows
  static constexpr int kRows = kKeys / kGroups;  // that a thread holds, 4 registers each
  static constexpr int kBlocks = kRows <= 4                     ? 4
                                 : kRows <= State::kRowsOfThree ? 3
                                 : kRows <= State::kRowsOfTwo   ? 2
                                                                : 1;
  // Of a column, after the lanes of a warp that share it have added up.
  static constexpr int kParts = kAcross < 32 ? kWarps : kGroups;
  static_assert(kRows * kGroups == kKeys && kColumns <= kThreads);
};

template <typename State, int kKeys, int kValues, int kSlices>
__global__ void __launch_bounds__(kThreads, Shape<State, kKeys, kValues, kSlices>::kBlocks)
    step(const JetStep args) {
  using Here = Shape<State, kKeys, kValues, kSlices>;
  constexpr int kColumns = Here::kColumns, kGroups = Here::kGroups, kRows = Here::kRows;
  constexpr int kNumbers = State::kNumbers;
  __shared__ float q[kKeys], k[kKeys];
  __shared__ __align__(16) float sums[Here::kParts][kColumns], deltas[kColumns];
  __shared__ float gates[2], squares[kWarps];
  [[maybe_unused]] __shared__ float slices[kSlices];

  const int slice = blockIdx.x % kSlices, head = blockIdx.x / kSlices, sequence = blockIdx.y;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int column = threadIdx.x % Here::kAcross * kNumbers;
  const int group = threadIdx.x / Here::kAcross;
  const int from = args.from_slots[sequence], to = from < 0 ? -1 : args.to_slots[sequence];
  const int past = args.past[sequence];
  const bool has_state = from >= 0 && past > 0;
  let_next_kernel_begin();
  if (!args.state_is_settled) wait_for_earlier_kernels();
#if __CUDA_ARCH__ >= 900
  if constexpr (kSlices > 1) cooperative_groups::this_cluster().barrier_arrive();
#endif

  // Row i of this thread is row group + i kGroups of S.
  constexpr int kRowPieces = kValues / kNumbers;
  const int64_t at = (int64_t{group} * kValues + slice * kColumns + column) / kNumbers;
  const auto pieces_of = [&](int slot) {
    return static_cast<int4*>(args.state) +
           (int64_t{slot} * args.heads + head) * kKeys * kRowPieces + at;
  };
  int4 s[kRows];
  if (has_state) {
    const int4* pieces = pieces_of(from);
#pragma unroll
    for (int i = 0; i < kRows; ++i) s[i] = __ldcs(pieces + i * kGroups * kRowPieces);
  } else {
#pragma unroll
    for (int i = 0; i < kRows; ++i) s[i] = {0, 0, 0, 0};
  }

  // Thread c speaks for column c of the block's slice. Of few sequences, what no kernel in flight
  // writes is fetched before they are waited for; of many there are no registers for it.
  constexpr bool kFetchesAhead = kSlices > 1;
  const int mine = static_cast<int>(threadIdx.x);
  const int64_t channel = int64_t{head} * kValues + slice * kColumns + mine;
  __nv_bfloat16 kept[kMostKept];
  float weight = 0.0f, gate = 0.0f;
  if (kFetchesAhead && mine < kColumns) {
    load_kept(args, static_cast<int>(channel), from, past, kept);
    weight = args.norm_weight[slice * kColumns + mine];
  }
  const float dt_bias = args.dt_bias[head], a_log = args.a_log[head];
  if (args.state_is_settled) wait_for_earlier_kernels();
  if (warp == kWarps - 1) {
    normalise<kKeys>(q, args.q, int64_t{sequence} * args.q_stride + head * kKeys,
                     rsqrtf(static_cast<float>(kKeys)), args.l2_eps);
  } else if (warp == kWarps - 2) {
    normalise<kKeys>(k, args.k, int64_t{sequence} * args.k_stride + head * kKeys, 1.0f,
                     args.l2_eps);
  } else if (warp == kWarps - 3 && lane == 0) {
    const float x = number(args.a, int64_t{sequence} * args.a_stride + head) + dt_bias;
    const float softplus = fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x)));
    gates[0] = expf(-expf(a_log) * softplus);
    gates[1] = 1.0f / (1.0f + expf(-number(args.b, int64_t{sequence} * args.b_stride + head)));
  }
  float v = 0.0f;
  if (mine < kColumns) {
    if (!kFetchesAhead) load_kept(args, static_cast<int>(channel), from, past, kept);
    v = convolve(args, sequence, static_cast<int>(channel), to, kept);
    if (kFetchesAhead) gate = number(args.gate, sequence * args.gate_stride + channel);
  }
  __syncthreads();

  const float decay = gates[0], beta = gates[1];
  // Sums over K: each thread brings its rows' part, thread c takes away column c.
  const auto sum_of_columns = [&](float(&x)[kNumbers]) {
#pragma unroll
    for (int step = Here::kAcross; step < 32; step *= 2) {
#pragma unroll
      for (int j = 0; j < kNumbers; ++j) x[j] += __shfl_xor_sync(0xffffffffu, x[j], step);
    }
    if (lane < Here::kAcross) {
      float* to_sums = sums[Here::kAcross < 32 ? warp : group] + column;
#pragma unroll
      for (int j = 0; j < kNumbers; j += 4)
        *reinterpret_cast<float4*>(to_sums + j) = {x[j], x[j + 1], x[j + 2], x[j + 3]};
    }
    __syncthreads();
    float sum = 0.0f;
    if (mine < kColumns) {
#pragma unroll
      for (int i = 0; i < Here::kParts; ++i) sum += sums[i][mine];
    }
    return sum;
  };

  float part[kNumbers] = {}, x[kNumbers];
  uint32_t nothing = __float_as_uint(gates[1]) >> 31;  // beta's sign
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    State::unpack(s[i], x, nothing);
    const float key = k[group + i * kGroups];
#pragma unroll
    for (int j = 0; j < kNumbers; ++j) part[j] += x[j] * key;
  }
  const float read = sum_of_columns(part);
  if (mine < kColumns) deltas[mine] = beta * (v - decay * read);
  __syncthreads();
  nothing = __float_as_uint(gates[1]) >> 31;
  float delta[kNumbers];
#pragma unroll
  for (int j = 0; j < kNumbers; ++j) {
    delta[j] = deltas[column + j];
    part[j] = 0.0f;
  }
  const uint32_t counter = mix(mix(args.seed + static_cast<uint32_t>(past)) + head);
  int4* target = pieces_of(max(to, 0));
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int row = group + i * kGroups;
    const float key = k[row], query = q[row];
    State::unpack(s[i], x, nothing);
#pragma unroll
    for (int j = 0; j < kNumbers; ++j) {
      x[j] = decay * x[j] + key * delta[j];
      part[j] += x[j] * query;
    }
    if (to >= 0) {
      const uint32_t place = row * kRowPieces + (slice * kColumns + column) / kNumbers;
      __stcs(target + i * kGroups * kRowPieces, State::pack(x, counter + place));
    }
  }
  const float out = sum_of_columns(part);

  // The norm is over all of V.
  const float square = sum_of_warp(mine < kColumns ? out * out : 0.0f);
  if (lane == 0) squares[warp] = square;
  __syncthreads();
  float all = 0.0f;
#pragma unroll
  for (int i = 0; i < kWarps; ++i) all += squares[i];
#if __CUDA_ARCH__ >= 900
  if constexpr (kSlices > 1) {
    auto cluster = cooperative_groups::this_cluster();
    cluster.barrier_wait();  // the other blocks have begun
    if (threadIdx.x < kSlices) *cluster.map_shared_rank(slices + slice, threadIdx.x) = all;
    cluster.sync();
    all = 0.0f;
#pragma unroll
    for (int i = 0; i < kSlices; ++i) all += slices[i];
  }
#endif
  if (mine >= kColumns) return;
  if (!kFetchesAhead) {
    weight = args.norm_weight[slice * kColumns + mine];
    gate = number(args.gate, sequence * args.gate_stride + channel);
  }
  static_cast<__nv_bfloat16*>(args.y)[sequence * args.y_stride + channel] =
      __float2bfloat16(out * rsqrtf(all / kValues + args.norm_eps) * weight * silu(gate));
}

template <typename State, int kKeys, int kValues, int kSlices>
cudaError_t launch(const JetStep& args, cudaStream_t stream) {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(args.heads * kSlices, args.sequences);
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  cudaLaunchAttribute attributes[2] = {};
  config.attrs = attributes;
  if (launches_overlap()) {
    cudaLaunchAttribute& overlap = attributes[config.numAttrs++];
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
  }
  if (kSlices > 1) {
    cudaLaunchAttribute& cluster = attributes[config.numAttrs++];
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = kSlices;
    cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
  }
  return cudaLaunchKernelEx(&config, step<State, kKeys, kValues, kSlices>, args);
}

// Few sequences are spread over more blocks; many take a block a head, unless it would not fit.
template <typename State, int kKeys, int kValues>
cudaError_t launch(const JetStep& args, cudaStream_t stream) {
  constexpr int kFewBlocks = 44;
  constexpr int kMost = kValues / 64 > 1 ? kValues / 64 : 1;
  if (args.portable) return launch<State, kKeys, kValues, 1>(args, stream);
  if (args.sequences * args.heads <= kFewBlocks)
    return launch<State, kKeys, kValues, kMost>(args, stream);
  constexpr int kLeast = Shape<State, kKeys, kValues, 1>::kBlocks > 1 ? 1 : 2;
  return launch<State, kKeys, kValues, kLeast>(args, stream);
}

template <typename State>
cudaError_t launch(const JetStep& args, cudaStream_t stream) {
  if (args.keys == 64) return launch<State, 64, 64>(args, stream);
  if (args.keys == 96) return launch<State, 96, 256>(args, stream);
  if (args.values == 128) return launch<State, 128, 128>(args, stream);
  return launch<State, 128, 256>(args, stream);
}

}  // namespace

bool has_jet_step(const JetStep& args) {
  const int keys = args.keys, values = args.values;
  return ((keys == 64 && values == 64) || (keys == 128 && values == 128) ||
          ((keys == 96 || keys == 128) && values == 256)) &&
         args.taps >= 1 && args.taps <= kMostKept + 1;
}

cudaError_t jet_step(const JetStep& args, cudaStream_t stream) {
  if (!has_jet_step(args)) return cudaErrorInvalidValue;
  if (args.sequences == 0) return cudaSuccess;
  return args.state_is_bf16 ? launch<BFloat16State>(args, stream)
                            : launch<Float32State>(args, stream);
}

}  // namespace jet::cuda
