// Tensors: a shape, a type and row-major bytes; views that borrow them, and Tensor that keeps them
// alive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include "core/dtype.h"

namespace jet {

// Up to six sizes, outermost first.
class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;
  Shape(std::initializer_list<int64_t> sizes);
  explicit Shape(
      std::span<const int64_t> sizes);  // throws Error above kMaxRank or on a negative size

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return sizes_[static_cast<size_t>(axis)]; }
  int64_t back() const { return sizes_[static_cast<size_t>(rank_ - 1)]; }
  // Product of all sizes, 1 for rank 0. Throws Error when it overflows.
  int64_t elements() const;
  std::span<const int64_t> sizes() const { return {sizes_.data(), static_cast<size_t>(rank_)}; }
  bool operator==(const Shape& other) const;

 private:
  std::array<int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

std::string to_string(const Shape& shape);  // "[2, 3]"

// Borrowed, read only.
struct ConstTensorView {
  const std::byte* data = nullptr;
  DType type = DType::F32;
  Shape shape;
  int64_t row_stride = 0;  // elements between rows of the outermost axis; 0: contiguous

  int64_t rows() const {
    return shape.rank() == 0 ? 1 : shape.elements() / (shape.back() ? shape.back() : 1);
  }
  bool is_contiguous() const;
  int64_t bytes() const;     // of the elements, gaps between rows left out
  const float* f32() const;  // the data as float32; JET_CHECK of the type and that it is contiguous
};

// Borrowed, writable.
struct TensorView {
  std::byte* data = nullptr;
  DType type = DType::F32;
  Shape shape;
  int64_t row_stride = 0;

  operator ConstTensorView() const { return {data, type, shape, row_stride}; }
  int64_t rows() const { return ConstTensorView(*this).rows(); }
  bool is_contiguous() const { return ConstTensorView(*this).is_contiguous(); }
  int64_t bytes() const { return ConstTensorView(*this).bytes(); }
  float* f32() const;
};

// Shared ownership of bytes: memory of our own, or part of a file's mapping.
class Tensor {
 public:
  Tensor() = default;
  // Zeroed, aligned to 64 bytes. Throws Error when memory is exhausted.
  Tensor(DType type, const Shape& shape);
  // Bytes owned by `owner` (a file mapping): read only.
  Tensor(ConstTensorView view, std::shared_ptr<const void> owner);

  ConstTensorView view() const { return view_; }
  TensorView mutable_view();  // JET_CHECK: made by the first constructor
  DType type() const { return view_.type; }
  const Shape& shape() const { return view_.shape; }
  explicit operator bool() const { return owner_ != nullptr; }

 private:
  ConstTensorView view_;
  std::shared_ptr<const void> owner_;
  bool is_mapped_ = false;
};

// Views over plain floats, for callers that hold vectors.
ConstTensorView view_of(std::span<const float> values, const Shape& shape);
TensorView view_of(std::span<float> values, const Shape& shape);

}  // namespace jet
