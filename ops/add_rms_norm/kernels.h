// The back ends of add_rms_norm and its reference; called through add_rms_norm.h, which has checked
// the shapes.
#pragma once

#include <vector>

#include "ops/add_rms_norm/add_rms_norm.h"

namespace jet {

void add_rms_norm_cpu(Context& context, const AddRmsNorm& args);
void add_rms_norm_cuda(Context& context, const AddRmsNorm& args);

struct AddRmsNormReference {
  std::vector<double> x, normed;
};
// Of its parts' references, from x before the op, which it does not change; tests only.
AddRmsNormReference add_rms_norm_reference(const AddRmsNorm& args);

}  // namespace jet
