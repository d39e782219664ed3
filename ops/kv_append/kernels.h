// The back ends of kv_append; called through kv_append.h, which has checked the shapes. Writing is
// exact: the test holds the reference.
#pragma once

#include "ops/kv_append/kv_append.h"

namespace jet {

void kv_append_cpu(Context& context, const KvAppend& args);
void kv_append_cuda(Context& context, const KvAppend& args);

}  // namespace jet
