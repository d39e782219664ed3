// Weights in a device's memory: matrices in one type of computing, side by side in the order in
// which they are prepared.
#pragma once

#include <memory>

#include "core/device.h"
#include "ops/preparer.h"

namespace jet {

// Matrices that follow one another without a gap let linear run a group of them as one product.
class DevicePreparer final : public Preparer {
 public:
  // `numbers`: F32, BF16 or F16, of matrices and of the numbers between ops. `bytes` are taken at
  // once; what goes beyond them is taken tensor by tensor.
  DevicePreparer(std::shared_ptr<Device> device, DType numbers, int64_t bytes);
  // Of a tensor of this shape.
  static int64_t bytes_of(const Shape& shape, DType numbers);

  Device* device() const override { return device_.get(); }
  DType numbers() const override { return numbers_; }
  Weight weight(const Tensor& tensor) const override;
  Weight exact_weight(const Tensor& tensor) const override;
  Weight table(const Tensor& tensor) const override;
  Tensor vector(const Tensor& tensor) const override;
  Tensor bias(const Tensor& tensor) const override;

 private:
  Tensor place(const Tensor& tensor, DType type) const;

  std::shared_ptr<Device> device_;
  DType numbers_;
  int64_t bytes_;
  std::shared_ptr<std::byte> memory_;
  mutable int64_t used_ = 0;
};

}  // namespace jet
