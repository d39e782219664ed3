// Blocks whose scales are no numbers are told when a model is opened, not by what it says.
#pragma once

#include <string_view>

#include "core/tensor.h"
#include "core/thread_pool.h"

namespace jet {

// Throws Error naming the file, the tensor and the row when the scale of a block is infinite or
// NaN. Reads all of a tensor in a block format once, at some 10 GB/s a thread, and none of the
// others: a NaN among floats is told by the request that meets it.
void expect_finite_scales(const Tensor& tensor, std::string_view name, std::string_view where,
                          ThreadPool& threads);

}  // namespace jet
