// attention on CUDA. In bf16, decoding splits the positions over blocks (cuda_decode.cuh) and
// prompts run on the tensor cores (cuda_prefill.cuh); what those do not know goes over the
// positions one by one in float32, a warp a head of a row.
#include <algorithm>

#include "core/cuda/device.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/attention/cuda_decode.cuh"
#include "ops/attention/cuda_prefill.cuh"
#include "ops/attention/kernels.h"
#include "ops/batch.cuh"
#include "ops/kv_append/kept.cuh"
#include "ops/kv_append/kernels.h"

namespace jet {
namespace {

constexpr int kWarps = 4;
constexpr int kMostEach = 8;  // numbers of a head that a lane holds

struct Sizes {
  int heads, groups, width, window;
  float scale;
};

template <typename Number, typename Kept>
__global__ void attend(Rows<const Number> q, Rows<const Number> k, Rows<const Number> v,
                       const Kept* k_cache, const Kept* v_cache, Rows<Number> y, DeviceBatch batch,
                       CacheRows where, Sizes sizes, int64_t units) {
  const int64_t unit = int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (unit >= units) return;
  const int row = static_cast<int>(unit / sizes.heads), head = static_cast<int>(unit % sizes.heads);
  const int group = head / (sizes.heads / sizes.groups), lane = static_cast<int>(threadIdx.x % 32);
  const int n = batch.sequence[row], past = batch.past[n], first_row = batch.offsets[n];
  const int position = past + row - first_row;
  const bool is_padding = batch.slots[n] < 0;
  const int begin = sizes.window == 0 ? 0 : max(0, position - sizes.window + 1);

  float query[kMostEach], mixed[kMostEach];
#pragma unroll
  for (int i = 0; i < kMostEach; ++i) {
    const int at = lane + 32 * i;
    query[i] = at < sizes.width ? number(q[row][head * sizes.width + at]) * sizes.scale : 0.0f;
    mixed[i] = 0;
  }
  float largest = -INFINITY, sum = 0;
  for (int p = is_padding ? position + 1 : begin; p <= position; ++p) {
    // The step's own keys count as the cache will hold them.
    const bool is_cached = p < past;
    const int64_t at = is_cached ? where(n, p) * sizes.groups * sizes.width : 0;
    const int64_t from = first_row + p - past;
    float score = 0, value[kMostEach];
#pragma unroll
    for (int i = 0; i < kMostEach; ++i) {
      const int offset = group * sizes.width + lane + 32 * i;
      if (lane + 32 * i >= sizes.width) {
        value[i] = 0;
        continue;
      }
      const float key =
          is_cached ? number(k_cache[at + offset]) : rounded<Kept>(number(k[from][offset]));
      value[i] = is_cached ? number(v_cache[at + offset]) : rounded<Kept>(number(v[from][offset]));
      score += query[i] * key;
    }
    score = warp_sum(score);
    const float top = fmaxf(largest, score);
    const float shrink = expf(largest - top), weight = expf(score - top);
    sum = sum * shrink + weight;
#pragma unroll
    for (int i = 0; i < kMostEach; ++i) mixed[i] = mixed[i] * shrink + weight * value[i];
    largest = top;
  }
#pragma unroll
  for (int i = 0; i < kMostEach; ++i) {
    const int at = lane + 32 * i;
    if (at < sizes.width) put(y[row] + head * sizes.width + at, sum > 0 ? mixed[i] / sum : 0.0f);
  }
}

bool is_kept_small(const Attention& args) {
  return args.k_cache.type == DType::BF16 || args.k_cache.type == kFloat8;
}
cuda::CacheNumber number_of_cache(const Attention& args) {
  return args.k_cache.type == kFloat8 ? cuda::CacheNumber::Float8 : cuda::CacheNumber::BFloat16;
}

// Positions that a block takes: so many that the blocks fill the chip once, unless results may not
// depend on what else runs.
int split_of(const Context& context, const Attention& args, int64_t most) {
  constexpr int64_t kLeast = 256, kFixed = 1024, kMost = 2048, kTile = 64;
  const CudaDevice& device = cuda_device(context);
  if (device.is_deterministic()) return kFixed;
  const int64_t each = most * args.batch.sequences() * args.k.shape[1] / device.multiprocessors();
  return static_cast<int>(std::clamp(each / kTile * kTile, kLeast, kMost));
}

cuda::DecodeAttention decode_call(const Context& context, const Attention& args) {
  const BatchView& batch = args.batch;
  const bool is_ring = args.layout == CacheLayout::Ring;
  const int64_t most = is_ring ? args.window : batch.pages_per_sequence * batch.page_tokens;
  return {.q = args.q.data,
          .y = args.y.data,
          .q_stride = outer_stride(args.q),
          .y_stride = outer_stride(args.y),
          .k_cache = args.k_cache.data,
          .v_cache = args.v_cache.data,
          .number = number_of_cache(args),
          .past = batch.on_device.past,
          .slots = batch.on_device.slots,
          .pages = is_ring ? nullptr : batch.on_device.pages,
          .pages_per_sequence = static_cast<int>(batch.pages_per_sequence),
          .window = static_cast<int>(is_ring ? args.window : 0),
          .sequences = static_cast<int>(batch.sequences()),
          .heads = static_cast<int>(args.q.shape[1]),
          .groups = static_cast<int>(args.k.shape[1]),
          .width = static_cast<int>(args.q.shape[2]),
          .scale = args.scale,
          .most_positions = static_cast<int>(most),
          .split = split_of(context, args, most)};
}

// One row of every sequence in bf16, over caches that the kernel reads.
bool splits_positions(const Context& context, const Attention& args) {
  const BatchView& batch = args.batch;
  if (args.q.type != DType::BF16 || !is_kept_small(args)) return false;
  if (batch.tokens() != batch.sequences()) return false;
  for (size_t n = 0; n < batch.slots.size(); ++n) {
    if (batch.offsets[n + 1] - batch.offsets[n] != 1) return false;
  }
  const bool is_known_layout =
      args.layout == CacheLayout::Ring ? true : args.window == 0 && batch.page_tokens == 64;
  return is_known_layout && cuda::has_decode_attention(decode_call(context, args));
}

// The kernel reads the token's own key and value out of the cache.
void attend_split(Context& context, const Attention& args, std::span<std::byte> workspace) {
  const auto writable = [](const ConstTensorView& cache) {
    return TensorView{const_cast<std::byte*>(cache.data), cache.type, cache.shape};
  };
  kv_append_cuda(context, {args.k, args.batch, args.layout, writable(args.k_cache), args.window});
  kv_append_cuda(context, {args.v, args.batch, args.layout, writable(args.v_cache), args.window});
  cuda::DecodeAttention call = decode_call(context, args);
  call.workspace = workspace.data();
  check_cuda(cuda::decode_attention(call, cuda_stream(context)), "attention");
}

cuda::PrefillAttention prefill_call(const Context& context, const Attention& args) {
  const BatchView& batch = args.batch;
  int32_t longest = 0;
  for (size_t n = 0; n < batch.slots.size(); ++n)
    longest = std::max(longest, batch.offsets[n + 1] - batch.offsets[n]);
  return {.q = args.q.data,
          .k = args.k.data,
          .v = args.v.data,
          .y = args.y.data,
          .q_stride = outer_stride(args.q),
          .k_stride = outer_stride(args.k),
          .v_stride = outer_stride(args.v),
          .y_stride = outer_stride(args.y),
          .k_cache = args.k_cache.data,
          .v_cache = args.v_cache.data,
          .number = number_of_cache(args),
          .rows = cache_rows(batch, args.layout, args.window),
          .batch = batch.on_device,
          .sequences = static_cast<int>(batch.sequences()),
          .heads = static_cast<int>(args.q.shape[1]),
          .groups = static_cast<int>(args.k.shape[1]),
          .width = static_cast<int>(args.q.shape[2]),
          .longest = longest,
          .window = static_cast<int>(args.window),
          .scale = args.scale,
          .portable = !cuda_device(context).is_hopper()};
}

bool runs_on_tensor_cores(const Context& context, const Attention& args) {
  return args.q.type == DType::BF16 && is_kept_small(args) &&
         cuda::has_prefill_attention(prefill_call(context, args));
}

}  // namespace

int64_t attention_cuda_workspace(const Context& context, const Attention& args) {
  if (!splits_positions(context, args)) return 0;
  return static_cast<int64_t>(cuda::decode_attention_workspace(decode_call(context, args)));
}

void attention_cuda(Context& context, const Attention& args, std::span<std::byte> workspace) {
  if (args.q.shape[0] > 0 && splits_positions(context, args))
    return attend_split(context, args, workspace);
  if (runs_on_tensor_cores(context, args)) {
    check_cuda(cuda::prefill_attention(prefill_call(context, args), cuda_stream(context)),
               "attention");
    return;
  }
  const Sizes sizes{static_cast<int>(args.q.shape[1]), static_cast<int>(args.k.shape[1]),
                    static_cast<int>(args.q.shape[2]), static_cast<int>(args.window), args.scale};
  const int64_t units = args.q.shape[0] * sizes.heads;
  if (units == 0) return;
  if (sizes.width > 32 * kMostEach)
    fail_cuda("attention: heads of " + std::to_string(sizes.width) + " numbers, at most 256");
  with_number(args.q.type, [&](auto* in) {
    with_kept(args.k_cache.type, [&](auto* held) {
      using Number = NumberOf<decltype(in)>;
      using Kept = NumberOf<decltype(held)>;
      attend<<<static_cast<unsigned>((units + kWarps - 1) / kWarps), kWarps * 32, 0,
               cuda_stream(context)>>>(
          rows_of<Number>(args.q), rows_of<Number>(args.k), rows_of<Number>(args.v),
          reinterpret_cast<const Kept*>(args.k_cache.data),
          reinterpret_cast<const Kept*>(args.v_cache.data), rows_of<Number>(args.y),
          args.batch.on_device, cache_rows(args.batch, args.layout, args.window), sizes, units);
    });
  });
  check_launch("attention");
}

}  // namespace jet
