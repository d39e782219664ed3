// A cache of any float type for tests, full of NaN until something is written.
#pragma once

#include <cmath>
#include <vector>

#include "core/half.h"
#include "core/tensor.h"

namespace jet::testing {

class FloatCache {
 public:
  FloatCache(DType type, const Shape& shape) : tensor_(type, shape) {
    for (int64_t i = 0; i < shape.elements(); ++i) set(i, std::numeric_limits<float>::quiet_NaN());
  }
  DType type() const { return tensor_.type(); }
  TensorView view() { return tensor_.mutable_view(); }

  float at(int64_t i) const {
    if (type() == DType::F32) return tensor_.view().f32()[i];
    const uint16_t bits = reinterpret_cast<const uint16_t*>(tensor_.view().data)[i];
    return type() == DType::BF16 ? bf16_to_float(bits) : f16_to_float(bits);
  }
  void set(int64_t i, float value) {
    if (type() == DType::F32) {
      view().f32()[i] = value;
    } else {
      reinterpret_cast<uint16_t*>(view().data)[i] =
          type() == DType::BF16 ? float_to_bf16(value) : float_to_f16(value);
    }
  }
  // How many have been written.
  int64_t numbers() const {
    int64_t count = 0;
    for (int64_t i = 0; i < tensor_.shape().elements(); ++i) count += !std::isnan(at(i));
    return count;
  }
  static float rounded(float value, DType type) {
    FloatCache one(type, Shape{1});
    one.set(0, value);
    return one.at(0);
  }

 private:
  Tensor tensor_;
};

}  // namespace jet::testing
