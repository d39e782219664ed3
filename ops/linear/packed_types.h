// From a type known at run time to one known to the compiler: the kernels are templates.
#pragma once

#include "core/error.h"
#include "ops/linear/packed.h"

namespace jet {

// call.template operator()<type>(), of a block type.
template <typename Call>
void with_packed_type(DType type, const Call& call) {
  switch (type) {
    case DType::Q4_0:
      return call.template operator()<DType::Q4_0>();
    case DType::Q4_1:
      return call.template operator()<DType::Q4_1>();
    case DType::Q5_0:
      return call.template operator()<DType::Q5_0>();
    case DType::Q5_1:
      return call.template operator()<DType::Q5_1>();
    case DType::Q8_0:
      return call.template operator()<DType::Q8_0>();
    case DType::Q4_K:
      return call.template operator()<DType::Q4_K>();
    case DType::Q5_K:
      return call.template operator()<DType::Q5_K>();
    case DType::Q6_K:
      return call.template operator()<DType::Q6_K>();
    default:
      JET_CHECK(is_quantised(type));
  }
}

}  // namespace jet
