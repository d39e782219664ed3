#include "ops/preparer.h"

#include "core/block_types/block_types.h"

namespace jet {

Weight ReferencePreparer::weight(const Tensor& tensor) const { return {tensor}; }

Weight ReferencePreparer::exact_weight(const Tensor& tensor) const { return {tensor}; }

Weight ReferencePreparer::table(const Tensor& tensor) const { return {tensor}; }

Tensor ReferencePreparer::vector(const Tensor& tensor) const { return to_float32(tensor); }

}  // namespace jet
