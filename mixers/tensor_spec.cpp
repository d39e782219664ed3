#include "mixers/tensor_spec.h"

#include "core/block_types/block_types.h"

namespace jet {

Tensor to_float32(const Tensor& tensor) {
  if (tensor.type() == DType::F32) return tensor;
  Tensor converted(DType::F32, tensor.shape());
  const ConstTensorView from = tensor.view();
  const int64_t width = from.shape.back();
  for (int64_t row = 0; row < from.rows(); ++row) {
    decode_row(from.type, from.data + row * row_bytes(from.type, width), width,
               converted.mutable_view().f32() + row * width);
  }
  return converted;
}

}  // namespace jet
