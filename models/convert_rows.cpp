#include "models/convert_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "core/block_types/block_types.h"
#include "core/error.h"

namespace jet {
namespace {

constexpr int64_t kNumbersAtOnce = int64_t{1} << 20;  // between two calls of on_converted

// The failure of the first row, so that it is the same one with any number of threads.
class FirstFailure {
 public:
  void add(int64_t row, std::exception_ptr failure) noexcept {
    const std::lock_guard lock(mutex_);
    if (row >= row_) return;
    row_ = row;
    failure_ = std::move(failure);
  }
  void rethrow(std::string_view tensor) const {
    if (!failure_) return;
    try {
      std::rethrow_exception(failure_);
    } catch (const Error& error) {
      fail("tensor {}, row {}: {}", tensor, row_, error.what());
    }
  }

 private:
  std::mutex mutex_;
  int64_t row_ = INT64_MAX;
  std::exception_ptr failure_;
};

void check_f16(const std::vector<float>& row) {
  constexpr float kLargest = 65520;  // from here on f16 rounds to infinity
  const auto beyond = std::ranges::find_if(
      row, [](float x) { return std::isfinite(x) && std::fabs(x) >= kLargest; });
  if (beyond != row.end()) fail("holds {}, which f16 cannot; use bf16 or f32", *beyond);
}

// Rows begin to end; scratch memory is a row.
void convert_range(const ConstTensorView& from, const TensorView& to, int64_t begin, int64_t end,
                   FirstFailure& failure) noexcept {
  int64_t r = begin;
  try {
    const int64_t width = from.shape.rank() == 0 ? 1 : from.shape.back();
    const int64_t from_stride = row_bytes(from.type, width);
    const int64_t to_stride = row_bytes(to.type, width);
    std::vector<float> row(static_cast<size_t>(width));
    for (; r < end; ++r) {
      decode_row(from.type, from.data + r * from_stride, width, row.data());
      if (to.type == DType::F16) check_f16(row);
      encode_row(to.type, row.data(), width, to.data + r * to_stride);
    }
  } catch (...) {
    failure.add(r, std::current_exception());
  }
}

}  // namespace

Tensor convert_rows(const Tensor& tensor, DType type, std::string_view name, ThreadPool& threads,
                    const OnConverted& on_converted) {
  const ConstTensorView from = tensor.view();
  if (from.type == type) {
    on_converted(from.shape.elements());
    return tensor;
  }
  Tensor result(type, from.shape);
  const TensorView to = result.mutable_view();
  const int64_t width = from.shape.rank() == 0 ? 1 : from.shape.back();
  const int64_t rows_at_once = std::max<int64_t>(kNumbersAtOnce / width, 1);
  for (int64_t first = 0; first < from.rows(); first += rows_at_once) {
    const int64_t rows = std::min(rows_at_once, from.rows() - first);
    FirstFailure failure;
    threads.parallel_for(rows, 1, [&](int64_t begin, int64_t end, int) {
      convert_range(from, to, first + begin, first + end, failure);
    });
    failure.rethrow(name);
    on_converted(rows * width);
  }
  return result;
}

}  // namespace jet
