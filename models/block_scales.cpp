#include "models/block_scales.h"

#include <atomic>

#include "core/block_types/block_types.h"
#include "core/error.h"

namespace jet {

void expect_finite_scales(const Tensor& tensor, std::string_view name, std::string_view where,
                          ThreadPool& threads) {
  if (!is_quantised(tensor.type())) return;
  const ConstTensorView view = tensor.view();
  const int64_t width = view.shape.back();
  const int64_t stride = row_bytes(view.type, width);
  std::atomic<int64_t> first{INT64_MAX};  // row with a bad block
  threads.parallel_for(view.rows(), 16, [&](int64_t begin, int64_t end, int) {
    const int64_t block =
        first_bad_block(view.type, view.data + begin * stride, (end - begin) * width);
    if (block < 0) return;
    const int64_t row = begin + block * block_elements(view.type) / width;
    for (int64_t old = first; row < old && !first.compare_exchange_weak(old, row);) {
    }
  });
  if (first == INT64_MAX) return;
  fail("{}: tensor {}, row {}: the scale of a block is infinite or not a number", where, name,
       first.load());
}

}  // namespace jet
