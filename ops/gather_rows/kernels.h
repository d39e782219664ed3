// The back ends of gather_rows; called through gather_rows.h, which has checked the arguments.
// Copying is exact: the test holds the reference.
#pragma once

#include "ops/gather_rows/gather_rows.h"

namespace jet {

void gather_rows_cpu(Context& context, const GatherRows& args);
void gather_rows_cuda(Context& context, const GatherRows& args);

}  // namespace jet
