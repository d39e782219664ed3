#include "ops/expect.h"

#include "core/error.h"

namespace jet {

void expect(std::string_view op, std::string_view field, const ConstTensorView& tensor, DType type,
            const Shape& shape) {
  if (tensor.type == type && tensor.shape == shape) return;
  fail("{}: {} is {} {}, expected {} {}", op, field, name(tensor.type), to_string(tensor.shape),
       name(type), to_string(shape));
}

void expect_rank(std::string_view op, std::string_view field, const ConstTensorView& tensor,
                 DType type, int rank) {
  if (tensor.type == type && tensor.shape.rank() == rank) return;
  fail("{}: {} is {} {}, expected {} of {} dimensions", op, field, name(tensor.type),
       to_string(tensor.shape), name(type), rank);
}

void expect_batch(std::string_view op, const BatchView& batch, int64_t tokens) {
  const auto n = static_cast<size_t>(batch.sequences());
  if (batch.offsets.size() != n + 1 || batch.past.size() != n || batch.offsets.front() != 0) {
    fail("{}: the batch has {} slots, {} offsets, {} lengths", op, n, batch.offsets.size(),
         batch.past.size());
  }
  for (size_t i = 0; i < n; ++i) {
    if (batch.offsets[i] > batch.offsets[i + 1])
      fail("{}: the batch's offsets descend at sequence {}", op, i);
  }
  if (batch.tokens() != tokens)
    fail("{}: the batch has {} rows, the tensors {}", op, batch.tokens(), tokens);
}

}  // namespace jet
