// embedding on the CPU: threads over rows.
#include "core/block_types/block_types.h"
#include "ops/embedding/kernels.h"

namespace jet {
namespace {

constexpr int64_t kGrain = 16;  // rows: fewer are not worth waking a thread

}  // namespace

void embedding_cpu(Context& context, const Embedding& args) {
  const int64_t width = args.weight.in();
  const int64_t stride = row_bytes(args.weight.type(), width);
  const std::byte* rows = args.weight.tensor.view().data;
  const auto tokens = static_cast<int64_t>(args.ids.size());
  context.threads.parallel_for(tokens, kGrain, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t id = args.ids[static_cast<size_t>(t)];
      decode_row(args.weight.type(), rows + id * stride, width, args.y.f32() + t * width);
    }
  });
}

}  // namespace jet
