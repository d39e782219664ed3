// A cache of any type that attention reads, for tests, full of NaN until something is written.
#pragma once

#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "core/block_types/block_types.h"
#include "core/tensor.h"

namespace jet::testing {

class FloatCache {
 public:
  FloatCache(DType type, const Shape& shape) : tensor_(type, shape) {
    // All bits set are a NaN in every floating type, and in the scale of a block of Q8_0.
    std::memset(view().data, 0xff, static_cast<size_t>(view().bytes()));
  }
  DType type() const { return tensor_.type(); }
  TensorView view() { return tensor_.mutable_view(); }

  float at(int64_t i) const {
    const int64_t block = block_elements(type());
    std::vector<float> numbers(static_cast<size_t>(block));
    decode_row(type(), tensor_.view().data + i / block * block_bytes(type()), block,
               numbers.data());
    return numbers[static_cast<size_t>(i % block)];
  }
  // Numbers [first, first + values.size()), whole blocks.
  void set(int64_t first, std::span<const float> values) {
    encode_row(type(), values.data(), static_cast<int64_t>(values.size()),
               view().data + first / block_elements(type()) * block_bytes(type()));
  }
  // How many have been written.
  int64_t numbers() const {
    int64_t count = 0;
    for (int64_t i = 0; i < tensor_.shape().elements(); ++i) count += !std::isnan(at(i));
    return count;
  }
  // Values as the type keeps them.
  static std::vector<float> rounded(std::span<const float> values, DType type) {
    const auto n = static_cast<int64_t>(values.size());
    std::vector<std::byte> encoded(static_cast<size_t>(row_bytes(type, n)));
    std::vector<float> decoded(values.size());
    encode_row(type, values.data(), n, encoded.data());
    decode_row(type, encoded.data(), n, decoded.data());
    return decoded;
  }

 private:
  Tensor tensor_;
};

}  // namespace jet::testing
