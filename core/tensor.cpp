#include "core/tensor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/ranges.h>

#include "core/checked.h"
#include "core/error.h"

namespace jet {

Shape::Shape(std::initializer_list<int64_t> sizes)
    : Shape(std::span<const int64_t>(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const int64_t> sizes) {
  if (sizes.size() > kMaxRank)
    fail("a tensor of {} dimensions, at most {} are known", sizes.size(), kMaxRank);
  for (const int64_t size : sizes) {
    if (size < 0) fail("a tensor dimension of {} is negative", size);
    sizes_[static_cast<size_t>(rank_++)] = size;
  }
}

int64_t Shape::elements() const {
  int64_t product = 1;
  for (const int64_t size : sizes()) product = checked_mul(product, size);
  return product;
}

bool Shape::operator==(const Shape& other) const {
  return std::ranges::equal(sizes(), other.sizes());
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape.sizes(), ", "));
}

bool ConstTensorView::is_contiguous() const {
  return row_stride == 0 || shape.rank() == 0 || shape[0] <= 1 ||
         row_stride * shape[0] == shape.elements();
}

int64_t ConstTensorView::bytes() const {
  if (shape.rank() == 0) return block_bytes(type);
  if (shape.back() == 0) return 0;
  return checked_mul(shape.elements() / shape.back(), row_bytes(type, shape.back()));
}

const float* ConstTensorView::f32() const {
  JET_CHECK(type == DType::F32 && is_contiguous());
  return reinterpret_cast<const float*>(data);
}

float* TensorView::f32() const {
  JET_CHECK(type == DType::F32 && is_contiguous());
  return reinterpret_cast<float*>(data);
}

Tensor::Tensor(DType type, const Shape& shape) : view_{nullptr, type, shape} {
  constexpr size_t kAlignment = 64;
  const int64_t bytes = view_.bytes();
  const size_t padded = (static_cast<size_t>(bytes) + kAlignment) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, padded);
  if (memory == nullptr)
    fail("out of memory: a tensor {} of {} needs {} bytes", to_string(shape), name(type), bytes);
  std::memset(memory, 0, padded);
  owner_ =
      std::shared_ptr<const void>(memory, [](const void* p) { std::free(const_cast<void*>(p)); });
  view_.data = static_cast<const std::byte*>(memory);
}

Tensor::Tensor(ConstTensorView view, std::shared_ptr<const void> owner)
    : view_(view), owner_(std::move(owner)), is_mapped_(true) {}

TensorView Tensor::mutable_view() {
  JET_CHECK(!is_mapped_);
  return {const_cast<std::byte*>(view_.data), view_.type, view_.shape};
}

ConstTensorView view_of(std::span<const float> values, const Shape& shape) {
  JET_CHECK(static_cast<int64_t>(values.size()) == shape.elements());
  return {reinterpret_cast<const std::byte*>(values.data()), DType::F32, shape};
}

TensorView view_of(std::span<float> values, const Shape& shape) {
  JET_CHECK(static_cast<int64_t>(values.size()) == shape.elements());
  return {reinterpret_cast<std::byte*>(values.data()), DType::F32, shape};
}

}  // namespace jet
