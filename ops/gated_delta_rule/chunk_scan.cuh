// Second pass of the chunked gated delta rule: a block takes 64 or 128 columns of one head's state
// through the chunks of a sequence, or of a segment of it. Four warps compute for 64 columns, four
// copy ahead.
//
// The state stands transposed in registers, S^T [64, keys], 16 columns of V a warp: sums of one
// product become the left operand of the next without leaving the registers, so warps do not meet.
#pragma once

#include "ops/cuda/async_copy.cuh"
#include "ops/cuda/tensor_core.cuh"
#include "ops/gated_delta_rule/chunks.cuh"

namespace jet::cuda {

inline constexpr int kScanColumns = 64;   // of V that four warps own
inline constexpr int kScanCopiers = 128;  // threads, behind those that compute

template <int kKeys, int kGroups, bool kOutputs>
struct ScanStage {
  static constexpr int kTile = kKeys / kPanelColumns * kPanelBytes;
  alignas(512) char k[kTile];
  char inverse[kPanelBytes + kPanelBytes / 2];  // [64, 32] and [32, 32] below it
  char v[kGroups][2 * kPanelBytes];             // later y
  ChunkFactors factors;
  alignas(512) char q[kOutputs ? kTile : 512];
  char mix[kOutputs ? 2 * kPanelBytes : 512];  // the upper half of the second panel stays zero
};

// A block of kGroups times four warps that compute, each its 64 columns, and four that copy.
template <typename Products, int kKeys, int kGroups, bool kOutputs>
struct Scan {
  using Stage = ScanStage<kKeys, kGroups, kOutputs>;
  static constexpr int kThreads = kGroups * 128 + kScanCopiers;
  static constexpr int kColumns = kGroups * kScanColumns;
  // Narrow states leave room for two blocks on a processor.
  static constexpr int kBlocks = Products::kGivesRegisters && kKeys == 64 && kGroups == 1 ? 2 : 1;
  static constexpr int kFit = 225 * 1024 / kBlocks / static_cast<int>(sizeof(Stage));
  static constexpr int kStages = kFit < 4 ? kFit : 4;
  // What the computing warps take from those that copy, where a thread has less at its start.
  static constexpr int kRegisters = kBlocks == 2 ? 216 : kGroups == 2 ? 232 : 0;

  struct Memory {
    Stage stages[kStages];
    uint64_t full[kStages], empty[kStages];
  };
};

// The copying warps' part: a stage for each chunk.
template <typename Here, int kKeys, int kGroups, bool kOutputs>
__device__ __forceinline__ void scan_copy(const ChunkArgs& args, typename Here::Memory& memory,
                                          int first_chunk, int last_chunk, int head, int column) {
  const GatedDeltaRule& rule = args.rule;
  const int thread = threadIdx.x % kScanCopiers, row = thread / 4, piece = thread % 4;
  const uint32_t at = panel_offset(row, piece);
  int stage = 0, round = 0;
  for (int c = first_chunk; c < last_chunk; ++c) {
    auto& to = memory.stages[stage];
    const Chunk chunk = args.workspace.chunks[c];
    const int64_t unit = int64_t{c} * rule.heads + head;
    const int64_t token = chunk.first_row + row;
    const auto* k = static_cast<const __nv_bfloat16*>(rule.k) + token * rule.k_stride +
                    head * kKeys + piece * 8;
    const auto* q = static_cast<const __nv_bfloat16*>(rule.q) + token * rule.q_stride +
                    head * kKeys + piece * 8;
    const auto* v = static_cast<const __nv_bfloat16*>(rule.v) + token * rule.v_stride +
                    head * rule.values + column + piece * 8;
    const auto* inverse =
        args.workspace.inverse + unit * kChunk * kChunk + row * kChunk + piece * 8;
    const auto* mix = args.workspace.mix + unit * kChunk * kChunk + row * kChunk + piece * 8;
    const uint32_t k_at = shared_address(to.k) + at, q_at = shared_address(to.q) + at;
    const uint32_t v_at = shared_address(to.v) + at;
    const uint32_t inverse_at = shared_address(to.inverse) + at;
    const uint32_t mix_at = shared_address(to.mix) + at;
    if (round > 0) barrier_wait(shared_address(memory.empty + stage), (round - 1) & 1);
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const bool valid = row + 32 * i < chunk.rows;
#pragma unroll
      for (int panel = 0; panel < kKeys / kPanelColumns; ++panel) {
        copy_async(k_at + panel * kPanelBytes + i * 2048, k + panel * kPanelColumns, valid);
        if (kOutputs)
          copy_async(q_at + panel * kPanelBytes + i * 2048, q + panel * kPanelColumns, valid);
      }
#pragma unroll
      for (int panel = 0; panel < 2 * kGroups; ++panel) {
        // Behind the columns of V: those that carry the segment's decay.
        const bool exists = column + panel * kPanelColumns < rule.values;
        copy_async(v_at + panel * kPanelBytes + i * 2048, v + panel * kPanelColumns,
                   valid && exists);
      }
      copy_async(inverse_at + i * 2048, inverse + i * 32 * kChunk);
      if (kOutputs) copy_async(mix_at + i * 2048, mix + i * 32 * kChunk);
      if (i == 1) {
        copy_async(inverse_at + kPanelBytes, inverse + i * 32 * kChunk + kPanelColumns);
        if (kOutputs)
          copy_async(mix_at + kPanelBytes + i * 2048, mix + i * 32 * kChunk + kPanelColumns);
      }
      k += 32 * rule.k_stride;
      q += 32 * rule.q_stride;
      v += 32 * rule.v_stride;
    }
    if (thread < sizeof(ChunkFactors) / 16) {
      copy_async(shared_address(&to.factors) + thread * 16,
                 reinterpret_cast<const char*>(args.workspace.factors + unit) + thread * 16);
    }
    barrier_arrive_after_copies(shared_address(memory.full + stage));
    if (++stage == Here::kStages) {
      stage = 0;
      ++round;
    }
  }
  wait_copies<0>();
}

// y^T in a warp's registers to the tokens' rows, through the warp's own part of the tile of v.
__device__ __forceinline__ void store_outputs(const float (&y)[8][4], char* tile, int warp,
                                              __nv_bfloat16* to, int64_t stride, int rows) {
  const int lane = threadIdx.x % 32;
  char* mine = tile + (warp >> 1) * kPanelBytes;
  const int piece = warp % 2 * 2;
  __syncwarp();  // all lanes have read v
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    const uint32_t sums[4] = {pack_bf16(y[i][0], y[i][1]), pack_bf16(y[i][2], y[i][3]),
                              pack_bf16(y[i + 1][0], y[i + 1][1]),
                              pack_bf16(y[i + 1][2], y[i + 1][3])};
    store_matrices_transposed(sums, [&](int matrix, int row) {
      return mine + panel_offset((i + matrix / 2) * 8 + row, piece + matrix % 2);
    });
  }
  __syncwarp();
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 2 + i * 16;
    const int4 numbers = *reinterpret_cast<const int4*>(mine + panel_offset(row, piece + lane % 2));
    if (row < rows) *reinterpret_cast<int4*>(to + row * stride + lane % 2 * 8) = numbers;
  }
}

// Where a block's columns of the state come from and go to, rows of K `stride` apart. Without
// `from`: column i starts as the unit vector of key i + unit, or as zero where there is none.
struct ScanState {
  const void* from;
  void* to;     // null: nowhere
  float* copy;  // of what it started from; null: nowhere
  bool from_is_bf16, to_is_bf16;
  int stride, unit;
  int columns;  // that exist, of 64

  __device__ float start(int key, int column) const {
    const int at = key * stride + column;
    if (from == nullptr) return key == column + unit ? 1.0f : 0.0f;
    return from_is_bf16 ? __bfloat162float(static_cast<const __nv_bfloat16*>(from)[at])
                        : static_cast<const float*>(from)[at];
  }
  __device__ void finish(int key, int column, float x) const {
    const int at = key * stride + column;
    if (column >= columns) return;
    if (to_is_bf16) {
      static_cast<__nv_bfloat16*>(to)[at] = __float2bfloat16(x);
    } else {
      static_cast<float*>(to)[at] = x;
    }
  }
};

template <typename Here, typename Products, int kKeys, bool kOutputs>
__device__ __forceinline__ void scan_compute(const ChunkArgs& args, typename Here::Memory& memory,
                                             int first_chunk, int last_chunk, int head, int column,
                                             const ScanState& state) {
  const GatedDeltaRule& rule = args.rule;
  const int group = threadIdx.x / 128, warp = threadIdx.x / 32 % 4, lane = threadIdx.x % 32;
  constexpr int kSteps = kKeys / 16, kTiles = kKeys / 8;
  const int row = warp * 16 + lane / 4;  // this lane's columns of V: row and row + 8 of S^T

  float s[kTiles][4];
#pragma unroll
  for (int i = 0; i < kTiles * 4; ++i) {
    const int key = i / 4 * 8 + lane % 4 * 2 + i % 2, value = row + i % 4 / 2 * 8;
    s[i / 4][i % 4] = state.start(key, value);
    if (state.copy != nullptr) state.copy[key * state.stride + value] = s[i / 4][i % 4];
  }
  int stage = 0, round = 0;
  for (int c = first_chunk; c < last_chunk; ++c) {
    auto& in = memory.stages[stage];
    const ChunkFactors& factors = in.factors;
    const uint32_t k_tile = shared_address(in.k), q_tile = shared_address(in.q);
    barrier_wait(shared_address(memory.full + stage), round & 1);

    uint32_t left[kSteps][4];
#pragma unroll
    for (int i = 0; i < kSteps; ++i) sums_to_operand(left[i], s[2 * i], s[2 * i + 1]);
    float read[8][4], y[8][4];
    Products::begin();
    Products::times_transposed(read, left, k_tile);  // (K S)^T
    Products::commit();
    if (kOutputs) {
      Products::times_transposed(y, left, q_tile);  // (Q S)^T
      Products::commit();
    }

    // The right side of the triangular system, v - exp(G) K S.
    uint32_t v[4][4];
    {
      const int t = (lane & 7) + ((lane & 16) >> 1), piece = warp % 2 * 2 + ((lane >> 3) & 1);
      const uint32_t v_at =
          shared_address(in.v[group]) + (warp >> 1) * kPanelBytes + panel_offset(t, piece);
#pragma unroll
      for (int i = 0; i < 4; ++i) load_matrices_transposed(v[i], v_at + i * 1024);
    }
    Products::template wait<kOutputs ? 1 : 0>();
    uint32_t right[4][4];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int t = i * 8 + lane % 4 * 2;
      const float2 decay = *reinterpret_cast<const float2*>(factors.decay + t);
      const float2 top = unpack_bf16(v[i / 2][i % 2 * 2]);
      const float2 bottom = unpack_bf16(v[i / 2][i % 2 * 2 + 1]);
      right[i / 2][i % 2 * 2] =
          pack_bf16(top.x - decay.x * read[i][0], top.y - decay.y * read[i][1]);
      right[i / 2][i % 2 * 2 + 1] =
          pack_bf16(bottom.x - decay.x * read[i][2], bottom.y - decay.y * read[i][3]);
    }
    float written[8][4];  // D^T
    Products::begin();
    Products::times_lower(written, right, shared_address(in.inverse));
    Products::commit();
    const float decay_all = factors.decay[kChunk - 1];
#pragma unroll
    for (int i = 0; i < kTiles * 4; ++i) s[i / 4][i % 4] *= decay_all;
    Products::template wait<0>();

    uint32_t plain[4][4], decayed[4][4];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int t = i * 8 + lane % 4 * 2;
      const float2 after = *reinterpret_cast<const float2*>(factors.decay_after + t);
      decayed[i / 2][i % 2 * 2] = pack_bf16(after.x * written[i][0], after.y * written[i][1]);
      decayed[i / 2][i % 2 * 2 + 1] = pack_bf16(after.x * written[i][2], after.y * written[i][3]);
      if (kOutputs) {
        plain[i / 2][i % 2 * 2] = pack_bf16(written[i][0], written[i][1]);
        plain[i / 2][i % 2 * 2 + 1] = pack_bf16(written[i][2], written[i][3]);
        const float2 decay = *reinterpret_cast<const float2*>(factors.decay + t);
        y[i][0] *= decay.x;
        y[i][1] *= decay.y;
        y[i][2] *= decay.x;
        y[i][3] *= decay.y;
      }
    }
    Products::begin();
    if (kOutputs) {
      Products::add_lower(y, plain, shared_address(in.mix));
      Products::commit();
    }
    Products::times(s, decayed, k_tile);
    Products::commit();
    if (kOutputs) {
      Products::template wait<1>();
      const Chunk chunk = args.workspace.chunks[c];
      store_outputs(y, in.v[group], warp,
                    static_cast<__nv_bfloat16*>(rule.y) + chunk.first_row * rule.y_stride +
                        head * rule.values + column + warp * 16,
                    rule.y_stride, chunk.rows);
    }
    Products::template wait<0>();
    __syncwarp();
    if (lane == 0) barrier_arrive(shared_address(memory.empty + stage));
    if (++stage == Here::kStages) {
      stage = 0;
      ++round;
    }
  }
  if (state.to == nullptr) return;
#pragma unroll
  for (int i = 0; i < kTiles * 4; ++i) {
    const int key = i / 4 * 8 + lane % 4 * 2 + i % 2, value = row + i % 4 / 2 * 8;
    state.finish(key, value, s[i / 4][i % 4]);
  }
}

// Segment `segment` of `sequence`: its part of the sequence's chunks.
__device__ __forceinline__ int segment_start(const ChunkArgs& args, int sequence, int segment) {
  const int first = args.workspace.first_chunk[sequence];
  const int chunks = args.workspace.first_chunk[sequence + 1] - first;
  return first + static_cast<int>(int64_t{chunks} * segment / args.rule.segments);
}

// What four warps' columns start from, and where they end.
template <int kKeys, bool kOutputs>
__device__ __forceinline__ ScanState scan_state(const ChunkArgs& args, int sequence, int segment,
                                                int head, int column) {
  const GatedDeltaRule& rule = args.rule;
  const int64_t heads = rule.heads, state_size = int64_t{kKeys} * rule.values;
  const auto between = [&](int before) {
    return args.workspace.segment_state +
           ((int64_t{sequence} * rule.segments + before) * heads + head) * state_size + column;
  };
  if (column >= rule.values) {
    const int first = column - rule.values;
    const int64_t unit = (int64_t{sequence} * rule.segments + segment) * heads + head;
    return {.to = args.workspace.segment_decay + unit * kKeys * kKeys + first,
            .stride = kKeys,
            .unit = first,
            .columns = min(kScanColumns, kKeys - first)};
  }
  const int slot = rule.slots[sequence];
  void* pool = static_cast<char*>(rule.state) +
               ((slot * heads + head) * state_size + column) * (rule.state_is_bf16 ? 2 : 4);
  ScanState state{.stride = rule.values, .unit = kKeys, .columns = kScanColumns};
  if (kOutputs && rule.segments > 1) {
    state.from = between(segment);
  } else if (segment == 0 && slot >= 0 && rule.past[sequence] != 0) {
    state.from = pool;
    state.from_is_bf16 = rule.state_is_bf16;
  }
  if (!kOutputs) {
    state.to = between(segment + 1);
    if (segment == 0) state.copy = between(0);
  } else if (segment == rule.segments - 1 && slot >= 0) {
    state.to = pool;
    state.to_is_bf16 = rule.state_is_bf16;
  }
  return state;
}

// kOutputs: grid (values / columns of a block, heads, sequences x segments). Else, for the states
// between segments: columns of the decay behind those of V, and no last segment.
template <typename Products, int kKeys, int kGroups, bool kOutputs>
__global__ void __launch_bounds__(Scan<Products, kKeys, kGroups, kOutputs>::kThreads,
                                  Scan<Products, kKeys, kGroups, kOutputs>::kBlocks)
    chunk_scan(const ChunkArgs args) {
  using Here = Scan<Products, kKeys, kGroups, kOutputs>;
  if constexpr (!Products::kRuns) __trap();
  extern __shared__ char raw[];
  auto& memory =
      *reinterpret_cast<typename Here::Memory*>(raw + (512 - (shared_address(raw) & 511)) % 512);
  const GatedDeltaRule& rule = args.rule;
  const int segments = kOutputs ? rule.segments : rule.segments - 1;
  const int column = blockIdx.x * Here::kColumns, head = blockIdx.y;
  const int sequence = blockIdx.z / segments, segment = blockIdx.z % segments;
  const int first_chunk = segment_start(args, sequence, segment);
  const int last_chunk = segment_start(args, sequence, segment + 1);
  if (rule.offsets[sequence] == rule.offsets[sequence + 1]) return;
  if (column >= rule.values && segment == 0) return;  // starts from the state itself

  if constexpr (kOutputs) {
    for (int i = threadIdx.x; i < Here::kStages * 128; i += Here::kThreads)
      reinterpret_cast<int4*>(memory.stages[i / 128].mix + kPanelBytes)[i % 128] = {0, 0, 0, 0};
  }
  if (threadIdx.x == 0) {
    for (int i = 0; i < Here::kStages; ++i) {
      barrier_init(shared_address(memory.full + i), kScanCopiers);
      barrier_init(shared_address(memory.empty + i), kGroups * 4);
    }
  }
  __syncthreads();
  if (threadIdx.x >= kGroups * 128) {
    Products::template give_registers<Here::kRegisters>();
    scan_copy<Here, kKeys, kGroups, kOutputs>(args, memory, first_chunk, last_chunk, head, column);
  } else {
    Products::template take_registers<Here::kRegisters>();
    const int mine = column + static_cast<int>(threadIdx.x) / 128 * kScanColumns;
    const ScanState state = scan_state<kKeys, kOutputs>(args, sequence, segment, head, mine);
    scan_compute<Here, Products, kKeys, kOutputs>(args, memory, first_chunk, last_chunk, head, mine,
                                                  state);
  }
}

}  // namespace jet::cuda
