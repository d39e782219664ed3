#include "models/files/rope_rows.h"

#include <cstring>

namespace jet {
namespace {

Tensor permute_rows(const Tensor& weight, int64_t heads, bool to_interleaved) {
  Tensor permuted(weight.type(), weight.shape());
  const int64_t head_dim = weight.shape()[0] / heads;
  const int64_t bytes = row_bytes(weight.type(), weight.shape()[1]);
  for (int64_t head = 0; head < heads; ++head) {
    for (int64_t row = 0; row < head_dim; ++row) {
      const int64_t interleaved = head * head_dim + row;
      const int64_t half_split = head * head_dim + row / 2 + row % 2 * (head_dim / 2);
      const int64_t from = to_interleaved ? half_split : interleaved;
      const int64_t to = to_interleaved ? interleaved : half_split;
      std::memcpy(permuted.mutable_view().data + to * bytes, weight.view().data + from * bytes,
                  static_cast<size_t>(bytes));
    }
  }
  return permuted;
}

}  // namespace

Tensor rows_from_interleaved(const Tensor& weight, int64_t heads) {
  return permute_rows(weight, heads, false);
}

Tensor rows_to_interleaved(const Tensor& weight, int64_t heads) {
  return permute_rows(weight, heads, true);
}

}  // namespace jet
