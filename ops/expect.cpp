#include "ops/expect.h"

#include <limits>

#include "core/error.h"
#include "core/float8.h"

namespace jet {

void expect(std::string_view op, std::string_view field, const ConstTensorView& tensor, DType type,
            const Shape& shape) {
  if (tensor.type == type && tensor.shape == shape) return;
  fail("{}: {} is {} {}, expected {} {}", op, field, name(tensor.type), to_string(tensor.shape),
       name(type), to_string(shape));
}

DType expect_numbers(const Context& context, std::string_view op, std::string_view field,
                     const ConstTensorView& tensor, int rank) {
  const bool is_number = context.device != nullptr && is_float(tensor.type);
  expect_rank(op, field, tensor, is_number ? tensor.type : DType::F32, rank);
  return tensor.type;
}

void expect_rank(std::string_view op, std::string_view field, const ConstTensorView& tensor,
                 DType type, int rank) {
  if (tensor.type == type && tensor.shape.rank() == rank) return;
  fail("{}: {} is {} {}, expected {} of {} dimensions", op, field, name(tensor.type),
       to_string(tensor.shape), name(type), rank);
}

void expect_weight(std::string_view op, std::string_view field, const Weight& weight) {
  const bool is_decodable = is_float(weight.type()) || is_quantised(weight.type());
  if (is_decodable && weight.tensor.shape().rank() == 2) return;
  fail("{}: {} is {} {}, expected a floating or block type of 2 dimensions", op, field,
       name(weight.type()), to_string(weight.tensor.shape()));
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
    if (batch.past[i] < 0) fail("{}: sequence {} has {} tokens of past", op, i, batch.past[i]);
  }
  if (batch.tokens() != tokens)
    fail("{}: the batch has {} rows, the tensors {}", op, batch.tokens(), tokens);
}

void expect_slots(std::string_view op, const BatchView& batch, int64_t slots) {
  for (size_t n = 0; n < batch.slots.size(); ++n) {
    if (batch.slots[n] < -1 || batch.slots[n] >= slots)
      fail("{}: sequence {} has slot {}, the state has {} slots", op, n, batch.slots[n], slots);
  }
}

void expect_cache(std::string_view op, std::string_view field, const ConstTensorView& cache,
                  const BatchView& batch, CacheLayout layout, int64_t window, int64_t groups,
                  int64_t head_dim) {
  const Shape& shape = cache.shape;
  const bool has_type = is_float(cache.type) || cache.type == DType::Q8_0 || cache.type == kFloat8;
  if (!has_type || shape.rank() != 3 || shape[1] != groups || shape[2] != head_dim) {
    fail("{}: {} is {} {}, expected f32, bf16, f16 or q8_0 [rows, {}, {}]", op, field,
         name(cache.type), to_string(shape), groups, head_dim);
  }
  if (head_dim % block_elements(cache.type) != 0) {
    fail("{}: {} is {}, which needs heads of a multiple of {} numbers; these have {}", op, field,
         name(cache.type), block_elements(cache.type), head_dim);
  }
  if (layout == CacheLayout::Ring) {
    if (window <= 0) fail("{}: a ring of {} rows, expected at least 1", op, window);
    if (shape[0] % window != 0)
      fail("{}: {} has {} rows, expected a multiple of the window {}", op, field, shape[0], window);
    expect_slots(op, batch, shape[0] / window);
    return;
  }
  expect_slots(op, batch, std::numeric_limits<int32_t>::max());
  if (batch.page_tokens <= 0) fail("{}: a page of {} rows", op, batch.page_tokens);
  if (batch.pages_per_sequence < 0 ||
      static_cast<int64_t>(batch.pages.size()) != batch.sequences() * batch.pages_per_sequence) {
    fail("{}: the table has {} pages, expected {} for each of {} sequences", op, batch.pages.size(),
         batch.pages_per_sequence, batch.sequences());
  }
}

DType expect_state(const Context& context, std::string_view op, std::string_view field,
                   const ConstTensorView& tensor) {
  const DType type =
      context.device != nullptr && tensor.type == DType::BF16 ? DType::BF16 : DType::F32;
  expect_rank(op, field, tensor, type, 4);
  return type;
}

void expect_cache_of(std::string_view op, const Context& context, DType type) {
  if (context.device != nullptr && type == DType::Q8_0)
    fail("{}: a cache in q8_0 is for the CPU, expected f32, bf16, f16 or fp8", op);
  if (context.device == nullptr && type == kFloat8)
    fail("{}: a cache in fp8 is for CUDA, expected f32, bf16, f16 or q8_0", op);
}

void expect_pages(std::string_view op, const BatchView& batch, int64_t n, int64_t begin,
                  int64_t end, int64_t cache_rows) {
  if (begin >= end) return;
  const int64_t last = (end - 1) / batch.page_tokens;
  if (last >= batch.pages_per_sequence) {
    fail("{}: sequence {} reaches position {}, its {} pages end at {}", op, n, end - 1,
         batch.pages_per_sequence, batch.pages_per_sequence * batch.page_tokens);
  }
  for (int64_t i = begin / batch.page_tokens; i <= last; ++i) {
    const int64_t page = batch.pages[static_cast<size_t>(n * batch.pages_per_sequence + i)];
    if (page < 0 || page >= cache_rows / batch.page_tokens) {
      fail("{}: page {} of sequence {} is {}, the cache has {} pages", op, i, n, page,
           cache_rows / batch.page_tokens);
    }
  }
}

void expect_workspace(std::string_view op, std::span<const std::byte> workspace, int64_t bytes) {
  if (static_cast<int64_t>(workspace.size()) < bytes)
    fail("{}: a workspace of {} bytes, expected {}", op, workspace.size(), bytes);
}

}  // namespace jet
