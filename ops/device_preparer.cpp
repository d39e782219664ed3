#include "ops/device_preparer.h"

#include <algorithm>
#include <vector>

#include "core/block_types/block_types.h"
#include "ops/linear/tiles.h"

namespace jet {
namespace {

constexpr int64_t kAlignment = 256;
constexpr int64_t kStagedNumbers = int64_t{1} << 22;  // converted at a time

int64_t padded(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

DevicePreparer::DevicePreparer(std::shared_ptr<Device> device, DType numbers, BlockWeights blocks,
                               int64_t bytes)
    : device_(std::move(device)),
      numbers_(numbers),
      blocks_(numbers == DType::BF16 ? blocks : BlockWeights::Widened),
      threads_(std::make_unique<ThreadPool>(available_threads())),
      bytes_(bytes),
      memory_(device_->allocate(bytes)) {}

int64_t DevicePreparer::bytes_of(DType stored, const Shape& shape, DType numbers,
                                 BlockWeights blocks) {
  if (shape.rank() == 1) return padded(row_bytes(DType::F32, shape.elements()));
  if (blocks == BlockWeights::Kept && numbers == DType::BF16 && has_tiles(stored))
    return padded(tiles_bytes(stored, shape[0], shape[1]));
  return padded(row_bytes(numbers, shape.elements()));
}

Weight DevicePreparer::weight(const Tensor& tensor) const {
  if (blocks_ == BlockWeights::Kept && has_tiles(tensor.type())) return {place_tiles(tensor)};
  return {place(tensor, numbers_)};
}

Weight DevicePreparer::exact_weight(const Tensor& tensor) const {
  return {place(tensor, numbers_)};
}

Weight DevicePreparer::table(const Tensor& tensor) const { return weight(tensor); }

Tensor DevicePreparer::vector(const Tensor& tensor) const { return place(tensor, DType::F32); }

Tensor DevicePreparer::bias(const Tensor& tensor) const { return place(tensor, numbers_); }

std::shared_ptr<std::byte> DevicePreparer::take(int64_t bytes) const {
  if (used_ + padded(bytes) > bytes_) return device_->allocate(bytes);
  std::byte* const begin = memory_.get() + used_;
  used_ += padded(bytes);
  return {memory_, begin};
}

Tensor DevicePreparer::place_tiles(const Tensor& tensor) const {
  const ConstTensorView from = tensor.view();
  const int64_t out = from.shape[0], in = from.shape[1];
  const std::shared_ptr<std::byte> to = take(tiles_bytes(from.type, out, in));
  const int64_t many = std::max<int64_t>(1, kStagedNumbers / in / kTileRows) * kTileRows;
  std::vector<std::byte> staged(
      static_cast<size_t>(tiles_bytes(from.type, std::min(many, out), in)));
  for (int64_t begin = 0; begin < out; begin += many) {
    const int64_t end = std::min(out, begin + many);
    make_tiles(*threads_, from, begin, end, staged.data());
    device_->upload(to.get() + tiles_bytes(from.type, begin, in), staged.data(),
                    tiles_bytes(from.type, end - begin, in));
  }
  return Tensor({to.get(), from.type, from.shape}, to);
}

Tensor DevicePreparer::place(const Tensor& tensor, DType type) const {
  const ConstTensorView from = tensor.view();
  const int64_t bytes = row_bytes(type, from.shape.elements());
  const std::shared_ptr<std::byte> own = take(bytes);
  std::byte* const to = own.get();
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
