// Weights in a device's memory, side by side in the order in which they are prepared: matrices in
// one type of computing, or those of block types as tiles of their quants (ops/linear/tiles.h).
#pragma once

#include <memory>

#include "core/device.h"
#include "core/thread_pool.h"
#include "ops/preparer.h"

namespace jet {

enum class BlockWeights {
  Widened,  // to the type of computing
  Kept,     // as tiles, where the type of computing is BF16
};

// Matrices that follow one another without a gap let linear run a group of them as one product.
class DevicePreparer final : public Preparer {
 public:
  // `numbers`: F32, BF16 or F16, of matrices and of the numbers between ops. `bytes` are taken at
  // once; what goes beyond them is taken tensor by tensor.
  DevicePreparer(std::shared_ptr<Device> device, DType numbers, BlockWeights blocks, int64_t bytes);
  // Of a tensor that is stored in this type and shape.
  static int64_t bytes_of(DType stored, const Shape& shape, DType numbers, BlockWeights blocks);

  Device* device() const override { return device_.get(); }
  DType numbers() const override { return numbers_; }
  Weight weight(const Tensor& tensor) const override;
  Weight exact_weight(const Tensor& tensor) const override;
  Weight table(const Tensor& tensor) const override;
  Tensor vector(const Tensor& tensor) const override;
  Tensor bias(const Tensor& tensor) const override;

 private:
  // Where `bytes` are kept, and what owns them.
  std::shared_ptr<std::byte> take(int64_t bytes) const;
  Tensor place(const Tensor& tensor, DType type) const;
  Tensor place_tiles(const Tensor& tensor) const;

  std::shared_ptr<Device> device_;
  DType numbers_;
  BlockWeights blocks_;
  std::unique_ptr<ThreadPool> threads_;
  int64_t bytes_;
  std::shared_ptr<std::byte> memory_;
  mutable int64_t used_ = 0;
};

}  // namespace jet
