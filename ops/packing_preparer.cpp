#include "ops/packing_preparer.h"

#include "core/block_types/block_types.h"
#include "ops/linear/packed.h"

namespace jet {

Weight PackingPreparer::weight(const Tensor& tensor) const {
  if (!is_float(tensor.type()) && !is_quantised(tensor.type()))
    return {tensor};  // linear refuses it
  return {tensor, std::make_shared<const PackedWeight>(pack(*threads_, *memory_, tensor.view()))};
}

Weight PackingPreparer::exact_weight(const Tensor& tensor) const {
  return {copy_to_float32(tensor)};
}

Weight PackingPreparer::table(const Tensor& tensor) const { return {tensor}; }

Tensor PackingPreparer::vector(const Tensor& tensor) const { return copy_to_float32(tensor); }

}  // namespace jet
