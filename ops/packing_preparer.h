// Prepares weights for the CPU's fast path: packed, of block types for products with int8
// activations.
#pragma once

#include <memory>

#include "core/thread_pool.h"
#include "ops/linear/packed_memory.h"
#include "ops/preparer.h"

namespace jet {

// Vectors are copied: one norm read in a file's mapping would keep its neighbourhood of pages, up
// to 2 MB, in memory.
class PackingPreparer final : public Preparer {
 public:
  explicit PackingPreparer(int threads)
      : threads_(std::make_unique<ThreadPool>(threads)),
        memory_(std::make_unique<PackedMemory>()) {}
  Weight weight(const Tensor& tensor) const override;
  Weight exact_weight(const Tensor& tensor) const override;
  Weight table(const Tensor& tensor) const override;
  Tensor vector(const Tensor& tensor) const override;

 private:
  std::unique_ptr<ThreadPool> threads_;
  std::unique_ptr<PackedMemory> memory_;
};

}  // namespace jet
