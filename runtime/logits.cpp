#include "runtime/logits.h"

#include <algorithm>

namespace jet {

TensorView Logits::room(int64_t rows) {
  const Shape shape{rows, decoder_.spec().vocabulary};
  rows_ = rows;
  if (!host_ || host_.shape()[0] < rows) {
    const Shape held{std::max<int64_t>(rows, 1), shape[1]};
    host_ = Tensor(DType::F32, held);
    if (decoder_.device() != nullptr)
      on_device_ = device_tensor(*decoder_.device(), DType::F32, held);
  }
  if (decoder_.device() == nullptr) return on_host();
  return {const_cast<std::byte*>(on_device_.view().data), DType::F32, shape};
}

TensorView Logits::on_host() {
  TensorView logits = host_.mutable_view();
  logits.shape = Shape{rows_, decoder_.spec().vocabulary};
  if (on_device_) decoder_.device()->download(logits.data, on_device_.view().data, logits.bytes());
  return logits;
}

}  // namespace jet
