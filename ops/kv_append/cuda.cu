// kv_append on CUDA: a block a row.
#include "core/cuda/device.cuh"
#include "core/cuda/launch.cuh"
#include "core/cuda/numbers.cuh"
#include "ops/batch.cuh"
#include "ops/kv_append/kept.cuh"
#include "ops/kv_append/kernels.h"

namespace jet {
namespace {

constexpr int kThreads = 128;

template <typename From, typename To>
__global__ void append(Rows<const From> rows, DeviceBatch batch, CacheRows where, To* cache,
                       int width) {
  begin_after_earlier_kernels();
  const int row = static_cast<int>(blockIdx.x);
  const int n = batch.sequence[row];
  // A ring keeps the last rows: an earlier one would share the place of a later one.
  const bool is_replaced = where.pages == nullptr && batch.offsets[n + 1] - row > where.page_tokens;
  if (batch.slots[n] < 0 || is_replaced) return;
  const int position = batch.past[n] + row - batch.offsets[n];
  To* to = cache + where(n, position) * width;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += kThreads)
    put(to + i, number(rows[row][i]));
}

}  // namespace

void kv_append_cuda(Context& context, const KvAppend& args) {
  const auto rows = static_cast<unsigned>(args.rows.shape[0]);
  if (rows == 0) return;
  const auto width = static_cast<int>(args.rows.shape[1] * args.rows.shape[2]);
  with_number(args.rows.type, [&](auto* from) {
    with_kept(args.cache.type, [&](auto* to) {
      using From = NumberOf<decltype(from)>;
      using To = NumberOf<decltype(to)>;
      check_cuda(launch_overlapping(cuda_stream(context), rows, kThreads, 0, append<From, To>,
                                    rows_of<From>(args.rows), args.batch.on_device,
                                    cache_rows(args.batch, args.layout, args.window),
                                    reinterpret_cast<To*>(args.cache.data), width),
                 "kv_append");
    });
  });
}

}  // namespace jet
