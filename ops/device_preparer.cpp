#include "ops/device_preparer.h"

#include <algorithm>
#include <vector>

#include "core/block_types/block_types.h"

namespace jet {
namespace {

constexpr int64_t kAlignment = 256;
constexpr int64_t kStagedNumbers = int64_t{1} << 22;  // converted at a time

int64_t padded(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

DevicePreparer::DevicePreparer(std::shared_ptr<Device> device, DType numbers, int64_t bytes)
    : device_(std::move(device)),
      numbers_(numbers),
      bytes_(bytes),
      memory_(device_->allocate(bytes)) {}

int64_t DevicePreparer::bytes_of(const Shape& shape, DType numbers) {
  return padded(row_bytes(shape.rank() == 1 ? DType::F32 : numbers, shape.elements()));
}

Weight DevicePreparer::weight(const Tensor& tensor) const { return {place(tensor, numbers_)}; }

Weight DevicePreparer::exact_weight(const Tensor& tensor) const { return weight(tensor); }

Weight DevicePreparer::table(const Tensor& tensor) const { return weight(tensor); }

Tensor DevicePreparer::vector(const Tensor& tensor) const { return place(tensor, DType::F32); }

Tensor DevicePreparer::bias(const Tensor& tensor) const { return place(tensor, numbers_); }

Tensor DevicePreparer::place(const Tensor& tensor, DType type) const {
  const ConstTensorView from = tensor.view();
  const int64_t bytes = row_bytes(type, from.shape.elements());
  const bool has_room = used_ + padded(bytes) <= bytes_;
  const std::shared_ptr<std::byte> own = has_room ? memory_ : device_->allocate(bytes);
  std::byte* const to = has_room ? memory_.get() + used_ : own.get();
  if (has_room) used_ += padded(bytes);
  Tensor placed({to, type, from.shape}, own);
  if (from.type == type) {
    device_->upload(to, from.data, bytes);
    return placed;
  }
  const int64_t width = from.shape.back(), rows = from.rows();
  const int64_t many = std::max<int64_t>(1, kStagedNumbers / std::max<int64_t>(1, width));
  std::vector<float> row(static_cast<size_t>(width));
  std::vector<std::byte> staged(static_cast<size_t>(std::min(many, rows) * row_bytes(type, width)));
  for (int64_t begin = 0; begin < rows; begin += many) {
    const int64_t end = std::min(rows, begin + many);
    for (int64_t r = begin; r < end; ++r) {
      decode_row(from.type, from.data + r * row_bytes(from.type, width), width, row.data());
      encode_row(type, row.data(), width, staged.data() + (r - begin) * row_bytes(type, width));
    }
    device_->upload(to + begin * row_bytes(type, width), staged.data(),
                    (end - begin) * row_bytes(type, width));
  }
  return placed;
}

}  // namespace jet
