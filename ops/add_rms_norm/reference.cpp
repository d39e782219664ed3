// add_rms_norm as its parts' references one after the other.
#include "ops/add/kernels.h"
#include "ops/add_rms_norm/kernels.h"
#include "ops/rms_norm/kernels.h"

namespace jet {

AddRmsNormReference add_rms_norm_reference(const AddRmsNorm& args) {
  AddRmsNormReference reference{.x = add_reference({args.x, args.y}), .normed = {}};
  // The norm is of the sum as float32 keeps it.
  const std::vector<float> sum(reference.x.begin(), reference.x.end());
  reference.normed =
      rms_norm_reference({view_of(std::span(sum), args.x.shape), args.weight, args.eps, {}});
  return reference;
}

}  // namespace jet
