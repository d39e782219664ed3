// Turns a checkpoint's tensors, once, into what the ops of a device read.
#pragma once

#include "core/tensor.h"
#include "ops/weight.h"

namespace jet {

class Device;

// Implementations differ in where and how weights lie; the numbers they stand for stay the same.
class Preparer {
 public:
  virtual ~Preparer() = default;
  virtual Device* device() const { return nullptr; }  // where they lie; null: the host's memory
  // The type of the numbers that ops pass one another there.
  virtual DType numbers() const { return DType::F32; }
  // A matrix of linear layers; an embedding too when its head is tied to it.
  virtual Weight weight(const Tensor& tensor) const = 0;
  // A small matrix whose products stay in float32 on every path: decay and write strength of a
  // recurrence, whose errors add up over the sequence.
  virtual Weight exact_weight(const Tensor& tensor) const = 0;
  // A matrix of which single rows are looked up and no more.
  virtual Weight table(const Tensor& tensor) const = 0;
  // Norms, decay rates: in float32 on the device.
  virtual Tensor vector(const Tensor& tensor) const = 0;
  // Biases of linear layers: of the type of numbers.
  virtual Tensor bias(const Tensor& tensor) const { return vector(tensor); }
};

// Weights stay rows in the file's mapping and are decoded to float32 where they are used.
class ReferencePreparer final : public Preparer {
 public:
  Weight weight(const Tensor& tensor) const override;
  Weight exact_weight(const Tensor& tensor) const override;
  Weight table(const Tensor& tensor) const override;
  Tensor vector(const Tensor& tensor) const override;
};

}  // namespace jet
