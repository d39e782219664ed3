// How fast this machine multiplies and adds: what prompts are measured against.
#pragma once

#include "core/dtype.h"
#include "core/thread_pool.h"

namespace jet {

// Multiply-adds a second, as packed weights of the type take them, that all threads do at once on
// registers alone, the best of a few rounds: in int8 for block types, else in float32. 0 where the
// int8 kernels in use have no such loop. Takes some 30 ms.
double measure_product_peak(ThreadPool& threads, DType type);

}  // namespace jet
